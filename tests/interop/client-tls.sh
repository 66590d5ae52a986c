#!/bin/bash
#
# The library's client (client_driver.c) works over TLS and through proxies. The
# certificates are made here.

. tests/lib.sh
. tests/helpers/certs.sh

drive() {
	timeout 60 "$BUILD/tests/interop/client_driver" "$@"
}

make_ca ca && make_ca other && make_cert server subjectAltName=DNS:localhost,DNS:chat.example &&
	make_cert client extendedKeyUsage=clientAuth
ok 'certificates' || diag "$(cat "$TMP/openssl")"

init='{"type":"init","username":"driver","id":"d-1"}'

# opens NAME ARGUMENT…: joins, gets userData and history, and closes.
opens() {
	local name=$1
	shift
	drive "$@" --send "$init" --close-after 2 >"$TMP/talk"
	like "$(cut -d: -f1,2 "$TMP/talk" | tr '\n' ' ')" \
		'^open .*userData.*history.*connection_closed: the server closed with 1000 $' "$name"
}

# fails NAME CODE ARGUMENT…: without having been open.
fails() {
	local name=$1 code=$2
	shift 2
	like "$(drive "$@")" "^$code: [^"$'\n'"]+\$" "$name: $code"
}

# ---- certificates of servers ----

helper plain-server.js "$TMP/url" --tls "$TMP/server.pem" "$TMP/server.key"
tls=$(<"$TMP/url")
opens 'a server that is known' "$tls" --cacert "$TMP/ca.pem"
CURL_CA_BUNDLE=$TMP/ca.pem opens 'known by CURL_CA_BUNDLE' "$tls"
SSL_CERT_FILE=$TMP/ca.pem opens 'known by SSL_CERT_FILE' "$tls"
opens 'a server that nobody asks' "$tls" --insecure
fails 'a server that the system does not know' refused "$tls"
fails "another authority's" refused "$tls" --cacert "$TMP/other.pem"
fails 'a certificate for another name' refused "${tls/localhost/127.0.0.1}" --cacert "$TMP/ca.pem"
fails 'no file of authorities' cannot_open "$tls" --cacert "$TMP/none.pem"
fails 'no TLS with a server that wants it' cannot_connect "ws${tls#wss}"

drive "$tls" --cacert "$TMP/ca.pem" --send "$init" --many 1500 --close-after 1502 >"$TMP/many"
is "$(grep -c '"content":"0*7"' "$TMP/many")" 1500 '24 MB go there and come back'
is "$(tail -n 1 "$TMP/many")" 'connection_closed: the server closed with 1000' 'to the end'

helper plain-server.js "$TMP/url" --h2 --tls "$TMP/server.pem" "$TMP/server.key"
opens 'a server that has HTTP/2 too' "$(<"$TMP/url")" --cacert "$TMP/ca.pem"

helper plain-server.js "$TMP/url" --h2-only --tls "$TMP/server.pem" "$TMP/server.key"
fails 'a server that has nothing but HTTP/2, and says 403' refused "$(<"$TMP/url")" \
	--cacert "$TMP/ca.pem"

# ---- certificates of clients ----

helper plain-server.js "$TMP/url" --client-ca "$TMP/ca.pem" \
	--tls "$TMP/server.pem" "$TMP/server.key"
strict=$(<"$TMP/url")
opens 'a client with a certificate' "$strict" --cacert "$TMP/ca.pem" \
	--cert "$TMP/client.pem" --key "$TMP/client.key"
cat "$TMP/client.pem" "$TMP/client.key" >"$TMP/both.pem"
opens 'with its key in the same file' "$strict" --cacert "$TMP/ca.pem" --cert "$TMP/both.pem"
fails 'a client without one' refused "$strict" --cacert "$TMP/ca.pem"
spawn openssl s_server -accept 127.0.0.1:0 -www -cert "$TMP/server.pem" -key "$TMP/server.key" \
	-Verify 1 -verify_return_error -CAfile "$TMP/ca.pem" >"$TMP/s_server" 2>&1
wait_for "grep -q ^ACCEPT '$TMP/s_server'" # node would not say why it goes
port=$(sed -n 's/^ACCEPT .*://p' "$TMP/s_server")
fails 'a client with a foreign one' refused "wss://localhost:$port/" --cacert "$TMP/ca.pem" \
	--cert "$TMP/other.pem" --key "$TMP/other.key"
fails 'no file with a certificate' cannot_open "$strict" --cacert "$TMP/ca.pem" \
	--cert "$TMP/none.pem"

# ---- proxies ----

helper plain-server.js "$TMP/plain"
plain=$(<"$TMP/plain")
far=${plain/localhost/chat.example}
helper connect-proxy.js "$TMP/proxy"
proxy=$(head -n 1 "$TMP/proxy")

http_proxy=$proxy opens 'through a proxy' "$far"
host=${far#ws://}
is "$(sed 1d "$TMP/proxy")" "CONNECT ${host%/}" 'which is asked for a tunnel'
https_proxy=$proxy opens 'TLS through a proxy' "${tls/localhost/chat.example}" \
	--cacert "$TMP/ca.pem"
all_proxy=$proxy opens 'through a proxy for all' "$far"
http_proxy=http://127.0.0.1:1 opens 'loopback goes to no proxy' "$plain"
http_proxy=http://127.0.0.1:1 opens 'nor does its address' "${plain/localhost/127.0.0.1}"
http_proxy=http://127.0.0.1:1 no_proxy=somewhere.example opens \
	'nor with exceptions of other hosts' "$plain"
http_proxy=http://127.0.0.1:1 no_proxy='*' opens 'nor with all hosts excepted' "$plain"
http_proxy=http://127.0.0.1:1 fails 'a proxy that is not there' cannot_connect "$far"

helper connect-proxy.js "$TMP/proxy407" 407
http_proxy=$(head -n 1 "$TMP/proxy407") fails 'a proxy that wants a password' refused "$far"
helper connect-proxy.js "$TMP/proxy502" 502
http_proxy=$(head -n 1 "$TMP/proxy502") fails 'a proxy that fails' cannot_connect "$far"

done_testing
