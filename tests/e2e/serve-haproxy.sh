#!/bin/bash
#
# chat-serve behind HAProxy that passes TCP on, with PROXY headers of version 1 and 2, with TLS that ends at
# chat-serve and without: clients chat, are known by their own addresses, and health checks disturb nothing.

. tests/lib.sh
. tests/helpers/certs.sh

command -v haproxy >/dev/null || skip_all 'there is no haproxy'
make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_CACERT=$TMP/ca.pem

# metric NAME: the value that the server has of it.
metric() {
	curl -sS --unix-socket "$TMP/metrics" http://localhost/metrics | sed -n "s/^chat_$1 //p"
}

# haproxy_for PORT OPTION…: starts HAProxy, which passes on to that port with these options of its server,
# from 127.0.0.2. Sets proxy_port and proxy_pid.
haproxy_for() {
	cat >"$TMP/haproxy.cfg" <<-END
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 1m
		    timeout server 1m
		listen chat
		    bind fd@3
		    source 127.0.0.2
		    server chat 127.0.0.1:$1 ${*:2}
	END
	rm -f "$TMP/port"
	spawn tests/helpers/with-socket.py "$TMP/port" haproxy -db -f "$TMP/haproxy.cfg" >"$TMP/haproxy.out" 2>&1
	proxy_pid=$!
	wait_for '[ -s "$TMP/port" ]'
	proxy_port=$(<"$TMP/port")
}

# chats NAME: a listener and a sender, both through the proxy.
chats() {
	local url=${CHAT_URL%%:*}://localhost:$proxy_port/
	spawn chat-listen -U "$url" -u bob -C 1 -t message >"$TMP/heard" 2>"$TMP/listen.err"
	local listener=$!
	wait_for "grep -q 'bob joins' '$SERVE_ERR'"
	exits 0 "$1: chat-send" chat-send -U "$url" -u alice hello
	ends "$listener" 0 "$1: chat-listen"
	is "$(jq -r .content "$TMP/heard")" hello "$1: hears it" || diag "$(cat "$TMP/listen.err" "$TMP/haproxy.out")"
}

# behind NAME OPTIONS SERVER-OPTION…: a chat through HAProxy with these options of its server.
behind() {
	local name=$1 options=$2 port
	shift 2
	rm -f "$TMP/metrics"
	serve -v --metrics "unix:$TMP/metrics" --proxy-protocol 127.0.0.2 "$@"
	port=${CHAT_URL##*:} port=${port%/}
	# shellcheck disable=SC2086 # several options
	haproxy_for "$port" $options
	chats "$name"
	like "$(cat "$SERVE_ERR")" '127\.0\.0\.1: alice joins' "$name: the log names the client"
	unlike "$(cat "$SERVE_ERR")" '127\.0\.0\.2: .* joins' "$name: and not the proxy"
	is "$(metric proxy_header_failures_total)" 0 "$name: no header is wrong"
	exits 0 "$name: who comes without the proxy chats, too" chat-send hello
	stop "$proxy_pid"
	stop "$SERVE_PID"
}

for version in '' -v2; do
	for tls in '' "--tls-cert $TMP/server.pem --tls-key $TMP/server.key"; do
		# shellcheck disable=SC2086 # several options
		behind "send-proxy$version${tls:+ with TLS}" "send-proxy$version" $tls
	done
done
behind 'send-proxy-v2 with TLVs' 'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority'

# ---- health checks ----

rm -f "$TMP/metrics"
serve -v --metrics "unix:$TMP/metrics" --proxy-protocol 127.0.0.2
port=${CHAT_URL##*:} port=${port%/}
for options in send-proxy 'send-proxy-v2 check-send-proxy' 'send-proxy check-send-proxy'; do
	before=$(metric connections_total)
	# shellcheck disable=SC2086 # several options
	haproxy_for "$port" $options check inter 20ms
	wait_for "[ \$(metric connections_total) -ge $((before + 5)) ]"
	ok "$options: health checks come"
	exits 0 "$options: the server is up" chat-send -U "ws://localhost:$proxy_port/" hello
	stop "$proxy_pid"
done
is "$(metric proxy_header_failures_total)" 0 'no check is a wrong header'

# ---- a proxy that sends no header ----

haproxy_for "$port"
exits 76 'without its header nobody gets in' chat-send --retry-for 0 -U "ws://localhost:$proxy_port/" hello
wait_for "[ \"\$(metric proxy_header_failures_total)\" -ge 1 ]"
ok 'a metric counts it'
like "$(cat "$SERVE_ERR")" '127\.0\.0\.2: 400: a PROXY header must come first' 'and the log says what is missing'

done_testing
