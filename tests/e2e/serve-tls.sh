#!/bin/bash
#
# chat-serve over TLS: which clients it lets in, which certificate it shows, and how it changes its
# certificate.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_ca other && make_cert server "$LOCAL_NAMES" && make_cert newer "$LOCAL_NAMES" &&
	make_cert alice extendedKeyUsage=clientAuth && make_cert mallory extendedKeyUsage=clientAuth &&
	make_cert both extendedKeyUsage=clientAuth /CN=alice/CN=mallory &&
	make_cert nobody extendedKeyUsage=clientAuth /O=alice
ok 'certificates' || diag "$(cat "$TMP/openssl")"
export CHAT_CACERT=$TMP/ca.pem CHAT_USERNAME=alice

# s_client ARGUMENT…: OpenSSL's own client, on the server; what it says of the agreement is in $OUT.
s_client() {
	local address=${CHAT_URL#wss://}
	openssl s_client -connect "${address%/}" -CAfile "$TMP/ca.pem" \
		"$@" </dev/null >"$OUT" 2>"$ERR"
}

subject() {
	sed -n 's|^subject=CN *= *||p' "$OUT"
}

# ---- what is agreed on ----

cp "$TMP/server.pem" "$TMP/cert.pem"
cp "$TMP/server.key" "$TMP/cert.key"
serve --tls-cert "$TMP/cert.pem" --tls-key "$TMP/cert.key" --metrics "unix:$TMP/metrics"
# shellcheck disable=SC2016
exits 0 'certificates may come through pipes, for each connection anew' bash -c 'unset CHAT_CACERT
	chat-send -q -c /pipe --cacert <(cat "$1") hi && chat-listen -c /pipe --cacert <(cat "$1") --no-follow -q' bash "$TMP/ca.pem"
like "$CHAT_URL" '^wss://127\.0\.0\.1:[0-9]+/$' 'its URL is wss'
spawn chat-listen -c /ops -C 1 -t message >"$TMP/heard" 2>"$TMP/listen.err"
listener=$!
wait_for "grep -q /ops '$SERVE_OUT'"
exits 0 'chat-send says something' chat-send -c /ops hello
is "$(jq -r .content "$OUT")" hello 'and has its receipt'
ends "$listener" 0 'chat-listen hears it'
same "$TMP/heard" "$OUT" 'the very same message'

for version in 1_2 1_3; do
	s_client "-tls$version" -verify_return_error
	ok "TLS $version" || diag "$(cat "$ERR")"
done
for version in 1 1_1; do
	s_client "-tls$version" -cipher ALL@SECLEVEL=0
	not_ok "no TLS $version"
done
for suite in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
	s_client -tls1_2 -cipher "$suite"
	ok "TLS 1.2 with $suite" || diag "$(cat "$ERR")"
done
for suite in ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA384 ECDHE-ECDSA-AES128-CCM; do
	s_client -tls1_2 -cipher "$suite:@SECLEVEL=0"
	not_ok "none with $suite"
done
for group in ffdhe2048 ffdhe8192; do
	s_client -tls1_3 -groups "$group"
	not_ok "TLS 1.3 with no keys over finite fields ($group)"
done
s_client -tls1_2 -alpn h2
like "$(cat "$OUT")" 'No ALPN negotiated' 'nothing but HTTP/1.1'
exits 77 'an authority that the client does not know' chat-send --cacert "$TMP/other.pem" hi
exits 76 'no TLS on the side of the client' chat-send --retry-for 0s -U "ws${CHAT_URL#wss}" hi
metric() {
	curl -s --unix-socket "$TMP/metrics" http://localhost/metrics | sed -n "s/^chat_$1 //p"
}
wait_for '[ "$(metric tls_failures_total)" -ge 9 ]'
ok 'those who did not agree are counted'

# ---- a lot, and slowly ----

head -c 700000 /dev/urandom >"$TMP/file"
spawn chat-listen -c /files -C 1 -t message --save-files "$TMP/inbox" >"$TMP/heard"
listener=$!
wait_for "grep -q /files '$SERVE_OUT'"
exits 0 'a large file' chat-send -c /files -q -f "$TMP/file"
ends "$listener" 0 'arrives'
same "$TMP/file" "$TMP/inbox/file" 'unchanged'
seq 20000 | sed 's/$/ is a line/' >"$TMP/lines"
exits 0 'twenty thousand lines' chat-send -l <"$TMP/lines"
jq -r .content "$OUT" | cmp - "$TMP/lines"
ok 'each accepted, in order'

# ---- the certificate changes ----

s_client
is "$(subject)" server 'the certificate'
exec 3> >(exec chat-send -l -u steady -q)
echo before >&3
wait_for "grep -q before '$SERVE_OUT'"
cp "$TMP/newer.pem" "$TMP/cert.pem"
kill -HUP "$SERVE_PID"
wait_for "grep -q 'old certificate stays' '$SERVE_ERR'"
ok 'one that does not fit the key is refused' || diag "$(cat "$SERVE_ERR")"
like "$(cat "$SERVE_ERR")" "cert.key: the key is not that of [^ ]*cert.pem" 'with the reason'
s_client
is "$(subject)" server 'the old one stays'
cp "$TMP/newer.key" "$TMP/cert.key"
kill -HUP "$SERVE_PID"
wait_for 's_client && [ "$(subject)" = newer ]'
ok 'SIGHUP takes a new one'
echo after >&3
wait_for "grep -q after '$SERVE_OUT'"
ok 'a connection goes on with the old one'
exec 3>&-

# ---- certificates of clients ----

# say_as CERTIFICATE NAME [ARGUMENT…]: chat-send with the one under the other.
say_as() {
	local certificate=$1 name=$2
	shift 2
	chat-send --retry-for 0s --cert "$TMP/$certificate.pem" --key "$TMP/$certificate.key" -u "$name" "$@" hi
}

# id_of NAME: what stands for it.
id_of() {
	printf %s "$1" | sha256sum | cut -c 1-32
}

serve --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key" --tls-client-ca "$TMP/ca.pem" \
	--listen "unix:$TMP/no-certificates"
exits 0 'a client with a certificate' say_as alice alice --id claimed
is "$(jq -r .senderId "$OUT")" "$(id_of alice)" 'has the id of its name, whatever it claims'
exits 0 'another one' say_as mallory mallory --id "$(id_of alice)"
is "$(jq -r .senderId "$OUT")" "$(id_of mallory)" 'cannot take it'
exits 77 'a certificate lets in under its name alone' say_as mallory alice
like "$(cat "$ERR")" 'unauthorized: your certificate is not for this username' 'and that is said'
exits 77 'one with two names does not' say_as both alice
exits 77 'nor one without any' say_as nobody alice
exits 77 'a client without one' chat-send --retry-for 0s hi
exits 77 'a client with one of another authority' say_as other other
exits 77 'nor does a unix socket, which has none' chat-send --retry-for 0s \
	--unix-socket "$TMP/no-certificates" -U ws://localhost/ hi
exits 0 'a session that goes on, in TLS 1.2 and 1.3, keeps its name' \
	/usr/bin/python3 tests/helpers/tls-resumed.py "$CHAT_URL" "$TMP/ca.pem" "$TMP/alice"
is "$(cat "$OUT")" "alice: $(id_of alice), mallory: unauthorized
alice: $(id_of alice), mallory: unauthorized" 'each time'

chat-serve --new-token alice >"$TMP/new"
jq -r .line "$TMP/new" >"$TMP/tokens"
chmod 600 "$TMP/tokens"
CHAT_TOKEN=$(jq -r .token "$TMP/new")
export CHAT_TOKEN
serve --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key" --tls-client-ca "$TMP/ca.pem" --tokens "$TMP/tokens"
exits 0 'a certificate and a token of one name' say_as alice alice
exits 77 'of two names' say_as mallory alice
unset CHAT_TOKEN

# ---- both in one file; a unix socket stays plain ----

cat "$TMP/server.pem" "$TMP/server.key" >"$TMP/both.pem"
serve_at "unix:$TMP/socket" --tls-cert "$TMP/both.pem" --listen 127.0.0.1:0
exits 0 'a unix socket has no TLS' chat-send --unix-socket "$TMP/socket" -U ws://localhost/ hi
CHAT_URL=$(sed -n 's/.*listening on \(wss:.*\)/\1/p' "$SERVE_ERR")
exits 0 'beside one that has' chat-send hi

# ---- a key of RSA ----

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=rsa -keyout "$TMP/rsa.key" -out "$TMP/rsa.pem" 2>"$ERR"
serve --tls-cert "$TMP/rsa.pem" --tls-key "$TMP/rsa.key"
s_client -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
ok 'TLS 1.2 with a key of RSA' || diag "$(cat "$ERR")"
for suite in AES128-GCM-SHA256 AES256-SHA DHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA256; do
	s_client -tls1_2 -cipher "$suite:@SECLEVEL=0"
	not_ok "none with $suite"
done

# ---- a browser's pages, and the names of the certificate ----

make_cert named 'subjectAltName=DNS:chat.example,DNS:*.wild.example'
serve --tls-cert "$TMP/named.pem" --tls-key "$TMP/named.key"

# page ORIGIN HOST: the status for a page of this origin that asks for this host.
page() {
	curl -sk --max-time 10 -o /dev/null -w '%{http_code}' --http1.1 -H "Origin: $1" -H "Host: $2" \
		-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "https://${CHAT_URL#wss://}none//"
}

is "$(page https://chat.example:3001 chat.example:3001)" 404 'a page of the name in the certificate may connect'
is "$(page https://a.wild.example a.wild.example)" 404 'and of one that it has by a wildcard'
is "$(page https://rebound.example rebound.example)" 403 'and of no other name that leads here'
is "$(page https://chat.example:8000 chat.example:3001)" 403 'or of another port'

# ---- files that cannot be used ----

# fails_to_start REGEX ARGUMENT…
fails_to_start() {
	local sentence=$1
	shift
	exits 66 "$sentence" chat-serve -l 127.0.0.1:0 "$@"
	like "$(cat "$ERR")" "^chat-serve: [^ ]*: $sentence\$" 'in one line that names the file'
}

openssl pkey -in "$TMP/server.key" -aes128 -passout pass:secret -out "$TMP/locked.key" 2>"$ERR"
fails_to_start 'No such file or directory' --tls-cert "$TMP/none.pem"
fails_to_start 'no certificate in PEM' --tls-cert "$TMP/server.key"
fails_to_start "the key is not that of $TMP/server.pem" --tls-cert "$TMP/server.pem" --tls-key "$TMP/newer.key"
fails_to_start "the key is not that of $TMP/server.pem" --tls-cert "$TMP/server.pem" --tls-key "$TMP/rsa.key"
fails_to_start 'the key is locked by a password' --tls-cert "$TMP/server.pem" --tls-key "$TMP/locked.key"
fails_to_start 'No such file or directory' --tls-cert "$TMP/both.pem" --tls-client-ca "$TMP/none.pem"
fails_to_start 'no private key in PEM: say which file has it with --tls-key' --tls-cert "$TMP/server.pem"
fails_to_start 'no private key in PEM' --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.pem"
exits 64 'a key without a certificate' chat-serve --tls-key "$TMP/server.key"

done_testing
