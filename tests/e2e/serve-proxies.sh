#!/bin/bash
#
# What chat-serve(1) says of proxies, run as it stands there with the real programs: only ports, folders and
# time-outs are other ones. A program that is missing is skipped.

. tests/lib.sh
. tests/helpers/certs.sh
. tests/helpers/printed.sh

make_ca ca && make_cert server "subjectAltName=DNS:localhost,DNS:chat.example.com,IP:127.0.0.1" || exit 1
mkdir "$TMP/ssl"
cp "$TMP/server.pem" "$TMP/ssl/fullchain.pem"
cp "$TMP/server.key" "$TMP/ssl/privkey.pem"
cat "$TMP/server.pem" "$TMP/server.key" >"$TMP/ssl/chat.pem"
cp "$TMP/ssl/fullchain.pem" "$TMP/ssl/privkey.pem" "$TMP"
export CHAT_CACERT=$TMP/ca.pem CHAT_TEST_CA=$TMP/ca.pem CHAT_USERNAME=alice

new_tokens alice carol helpbot
export CHAT_TOKEN=${token[alice]}

# local_config: the fragment on stdin with this test's ports, folders and time-outs; at the given listening
# address in place of port 443.
local_config() {
	sed -E "s|/etc/ssl/chat|$TMP/ssl|; s|127\.0\.0\.1:3001|127.0.0.1:$port|; s/\b90s/1s/; s/(bind|listen) :?443/\1 $1/"
}

# starts NAME COMMAND…: the proxy, which listens at descriptor 3, or at $PORT itself. Sets proxy_pid and proxy_port.
starts() {
	rm -f "$TMP/port"
	spawn tests/helpers/with-socket.py "$TMP/port" "${@:2}" >"$TMP/$1.out" 2>&1
	proxy_pid=$!
	wait_for '[ -s "$TMP/port" ]'
	proxy_port=$(<"$TMP/port")
}

# ---- what has to work through each ----

# chats NAME PATH CHANNEL: a chat through the proxy.
chats() {
	local name=$1 at=wss://localhost:$proxy_port$2
	exits 0 "$name: chat-send" chat-send --retry-for 60s -U "$at" hi || diag "$(cat "$TMP"/*.out)"
	is "$(jq -r .channel "$OUT")" "$3" "$name: says it in that channel"
	exits 0 "$name: chat-listen" chat-listen -U "$at" --since all --no-follow -t message
	is "$(jq -r .content "$OUT")" hi "$name: has it"
	exits 0 "$name: a client that is silent for three times the time-outs" /usr/bin/python3 tests/helpers/behind-proxy.py \
		"wss://localhost:$proxy_port/" "$2" 127.0.0.7 carol "${token[carol]}" 15 || diag "$(cat "$ERR")"
	like "$(cat "$said")" "127\.0\.0\.7: carol joins $3" "$name: the server knows its address"
}

# shows_page NAME: the page below the prefix, and its origin alone.
shows_page() {
	local base=https://chat.example.com:$proxy_port/chat
	local page=(curl -sS --http1.1 --cacert "$TMP/ca.pem" --resolve "chat.example.com:$proxy_port:127.0.0.1" -w '%{http_code}')
	local handshake=(-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13'
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
	is "$("${page[@]}" -H 'Accept: text/html' -o "$TMP/page" "$base/ops")" 200 "$1: a browser gets the page"
	like "$(head -c 200 "$TMP/page")" '<!DOCTYPE html>' "$1: which is HTML"
	is "$("${page[@]}" "${handshake[@]}" -o "$TMP/page" -H "Origin: https://chat.example.com:$proxy_port" "$base/a*b")" 404 \
		"$1: its origin is the server's: there is only no such channel"
	is "$("${page[@]}" "${handshake[@]}" -o "$TMP/page" -H "Origin: https://elsewhere.example" "$base/a*b")" 403 \
		"$1: another page may not connect"
}

ends_proxy() {
	stop "$proxy_pid"
	stop "$server_pid"
	is $? 0 "$1: chat-serve ends with 0"
	forget "$server_pid"
}

# ---- the proxies ----

if command -v nginx >/dev/null; then
	serves 'chat-serve --host chat.example.com'
	cat >"$TMP/nginx.conf" <<-END
		daemon off;
		$([ "$(id -u)" -ne 0 ] || echo 'user root;')
		pid $TMP/nginx.pid;
		error_log stderr;
		events {}
		http {
		    access_log off;
		    client_body_temp_path $TMP/nginx.body;
		    proxy_temp_path $TMP/nginx.proxy;
		    fastcgi_temp_path $TMP/nginx.fastcgi;
		    uwsgi_temp_path $TMP/nginx.uwsgi;
		    scgi_temp_path $TMP/nginx.scgi;
		    include $TMP/chat.conf;
		}
	END
	printed 'server {' | local_config 127.0.0.1:PORT >"$TMP/chat.conf"
	starts nginx bash -c 'sed -i "s/PORT/$PORT/" "$TMP/chat.conf" && NGINX="3;" exec nginx -e stderr -c "$TMP/nginx.conf"'
	chats nginx /chat/ops /ops
	shows_page nginx
	ends_proxy nginx
else
	skip nginx 'there is no nginx'
fi

if command -v haproxy >/dev/null; then
	serves 'chat-serve --host chat.example.com'
	{ printed 'frontend web' && echo; } | local_config fd@3 >"$TMP/haproxy.cfg"
	starts haproxy haproxy -db -f "$TMP/haproxy.cfg"
	chats 'HAProxy for HTTP' /chat/ops /ops
	shows_page 'HAProxy for HTTP'
	ends_proxy 'HAProxy for HTTP'

	serves $'chat-serve --proxy-protocol 127.0.0.1 --tokens tokens \\\n'
	{ printed 'listen chat' && echo; } | local_config fd@3 >"$TMP/haproxy.cfg"
	starts haproxy haproxy -db -f "$TMP/haproxy.cfg"
	chats 'HAProxy for TCP' /ops /ops
	ends_proxy 'HAProxy for TCP'

	serves 'chat-serve --listen 127.0.0.1:3001 --listen unix:/run/chat/proxy'
	{ printed 'listen chat' && echo; } | local_config fd@3 |
		sed "s|127.0.0.1:$port|unix@$TMP/proxy|; s|fd@3|& ssl crt $TMP/ssl/chat.pem|" >"$TMP/haproxy.cfg"
	starts haproxy haproxy -db -f "$TMP/haproxy.cfg"
	chats 'HAProxy for TCP to a unix socket' /ops /ops
	exits 0 'and without it a client of this machine' chat-send -U "$url" hi
	ends_proxy 'HAProxy for TCP to a unix socket'
else
	skip HAProxy 'there is no haproxy'
fi

if command -v caddy >/dev/null; then
	serves 'chat-serve --host chat.example.com'
	cat >"$TMP/Caddyfile" <<-END
		{
		    admin off
		    auto_https off
		    skip_install_trust
		    storage file_system $TMP/caddy
		}
	END
	printed 'chat.example.com {' | local_config none |
		sed "1s|.*|https://localhost:PORT, https://chat.example.com:PORT {\n    tls $TMP/ssl/fullchain.pem $TMP/ssl/privkey.pem|" \
			>>"$TMP/Caddyfile"
	starts caddy bash -c 'exec 3<&-; sed -i "s/PORT/$PORT/g" "$TMP/Caddyfile" && exec caddy run --config "$TMP/Caddyfile"'
	chats Caddy /chat/ops /ops
	shows_page Caddy
	ends_proxy Caddy
else
	skip Caddy 'there is no caddy'
fi

# ---- Tor ----

serves 'chat-serve --proxy-protocol 127.0.0.1 --tokens tokens --host NAME.onion'
exits 0 'a client through an onion service, with the header of Tor' /usr/bin/python3 tests/helpers/behind-proxy.py "$url" /ops \
	127.0.0.1 carol "${token[carol]}" 0 'PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 666 80' || diag "$(cat "$ERR")"
like "$(cat "$said")" 'fc00:dead:beef:4dad::/64: carol joins /ops' 'is one of all that come so'
stop "$server_pid"
is $? 0 'chat-serve ends with 0'
forget "$server_pid"
if command -v tor >/dev/null; then
	mkdir -m 700 "$TMP/tor"
	printed HiddenServiceDir | sed "s|/var/lib/tor/chat|$TMP/tor/chat|" >"$TMP/torrc"
	exits 0 'Tor takes its configuration' tor --verify-config --quiet --DataDirectory "$TMP/tor" --defaults-torrc /dev/null -f "$TMP/torrc"
else
	skip Tor 'there is no tor'
fi

# ---- systemd ----

units=$TMP/units
mkdir -p "$units/chat-serve.service.d" "$units/chat-serve.socket.d"
cp cmd/serve/systemd/chat-serve.socket "$units"
sed 's|@BINDIR@|/usr/bin|' cmd/serve/systemd/chat-serve.service.in >"$units/chat-serve.service"
printed $'[Service]\nLoadCredential=tokens' >"$units/chat-serve.service.d/override.conf"
printed '[Socket]' >"$units/chat-serve.socket.d/override.conf"
printed '[Unit]' >"$units/chat-bot.service"
printf '#!/bin/sh\nexec jq --unbuffered -c '\''select(.content == "!ping") | {text: "pong", replyTo: .id}'\''\n' >"$TMP/answer"
chmod +x "$TMP/answer"
sed -i "s|=/usr/bin/|=$BUILD/|; s|/usr/local/bin/answer|$TMP/answer|" "$units"/*.service
if command -v systemd-analyze >/dev/null; then
	exits 0 'systemd finds no flaw in the units' systemd-analyze verify --man=no "$units"/chat-{bot,serve}.service "$units/chat-serve.socket"
	is "$(grep -v network-online "$ERR")" '' 'and says nothing'
else
	skip 'systemd-analyze' 'there is no systemd'
fi

# The bot as systemd starts it, without systemd: its environment and its command are those of the unit.
serve --tokens "$TMP/tokens" --ping-interval 10s
mkdir -m 700 "$TMP/credentials" "$TMP/state"
printf '%s\n' "${token[helpbot]}" >"$TMP/credentials/token"
chmod 600 "$TMP/credentials/token"
sed -n 's/^Environment=//p' "$units/chat-bot.service" | sed "s|%d|$TMP/credentials|; s|wss://chat.example.com/chat/|$CHAT_URL|" |
	xargs -n 1 >"$TMP/bot.env"
mapfile -t environment <"$TMP/bot.env"
command=$(sed -n 's/^ExecStart=//p' "$units/chat-bot.service")
spawn env -u CHAT_TOKEN "${environment[@]}" STATE_DIRECTORY="$TMP/state" bash -c "exec $command" 2>"$TMP/bot.err"
bot=$!
wait_for "jq -e 'select(.type == \"userStatus\" and .username == \"helpbot\")' '$SERVE_OUT' >'$TMP/came'"
ok 'the bot of the unit comes, with its token' || diag "$(cat "$TMP/bot.err")"
exits 0 'and answers' chat-send -c ops --reply '!ping' -W 10s
slay "$bot"
exits 0 'a question while it is away' chat-send -c ops '!ping'
question=$(jq -r .id "$OUT")
spawn env -u CHAT_TOKEN "${environment[@]}" STATE_DIRECTORY="$TMP/state" bash -c "exec $command" 2>"$TMP/bot.err"
wait_for "jq -e --arg id '$question' 'select(.replyTo == \$id)' '$SERVE_OUT' >'$TMP/came'"
ok 'is answered when it is back'

done_testing
