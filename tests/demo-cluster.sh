#!/bin/bash
#
# `make demo-cluster`: three nats-servers and three chat-serves on loopback are one chat. People and bots are on all of
# them; in the middle one server of each kind is killed; in the end everybody must have heard the same, once. Ends by
# itself within a minute, with all that it started; the exit status is 0 if everything worked.

set -u
tmp=$(mktemp -d) || exit 1
pids=()
cd "$(dirname "$0")/.." || exit 1
PATH=$(realpath "${CHAT_BUILD:-build}"):$PATH:/usr/sbin # where nats-server is
nats=${NATS_SERVER:-nats-server}
unset "${!CHAT_@}"

stop_all() {
	kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$tmp"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	printf 'demo-cluster: %s\n' "$1" >&2
	exit 1
}

# Starts a command in the background, with its standard error in a file.
begin() {
	"${@:2}" 2>>"$tmp/$1.err" >>"$tmp/$1.out" &
	pids+=($!)
	last=$!
}

wait_for() {
	local deadline=$((SECONDS + 40))
	until eval "$1"; do
		((SECONDS < deadline)) || die "never came true: $1: $(tail -n 2 "$tmp"/*.err)"
		read -r -t 0.05 <>"$tmp/never"
	done
}

command -v "$nats" >/dev/null || die "nats-server is missing: apt-get install nats-server"
mkfifo "$tmp/never"
mapfile -t port < <(python3 -c 'import socket
socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(9)]
print(*(sock.getsockname()[1] for sock in socks), sep="\n")')

# ---- the servers ----

routes="nats://127.0.0.1:${port[3]}, nats://127.0.0.1:${port[4]}, nats://127.0.0.1:${port[5]}"
cluster=nats://127.0.0.1:${port[0]},nats://127.0.0.1:${port[1]},nats://127.0.0.1:${port[2]}
for i in 0 1 2; do
	cat >"$tmp/nats$i.conf" <<END
server_name: n$i
listen: 127.0.0.1:${port[i]}
jetstream { store_dir: "$tmp/nats$i" }
cluster { name: chat, listen: 127.0.0.1:${port[i + 3]}, routes: [$routes] }
END
	begin "nats$i" "$nats" -c "$tmp/nats$i.conf"
	nats_pid[i]=$last
done
for i in 0 1 2; do
	begin "serve$i" chat-serve --listen "127.0.0.1:${port[i + 6]}" --url-file "$tmp/url$i" --cluster "$cluster"
	serve_pid[i]=$last
done
echo 'Three nats-servers, and three times: chat-serve --cluster nats://a,nats://b,nats://c'
wait_for '[ -s "$tmp/url0" ] && [ -s "$tmp/url1" ] && [ -s "$tmp/url2" ]'
a=$(<"$tmp/url0") b=$(<"$tmp/url1") c=$(<"$tmp/url2")
printf '  they serve %s\n' "$a" "$b" "$c"

# ---- people and bots ----

urls=("$a,$b,$c" "$b,$c,$a" "$c,$a,$b")
for i in 0 1 2; do
	begin "heard$i" chat-listen -u "listener$i" --hidden -t message --cursor-file "$tmp/cursor$i" -U "${urls[i]}"
done
begin bot chat-listen -u bot -t message -U "${urls[2]}" --exec jq --unbuffered -c \
	'select(.content == "!ping") | {type: "text", text: "pong \(.sender)"}'
echo 'A listener on each of them, and a bot that answers to !ping on the third.'
wait_for '[ -s "$tmp/cursor0" ] && [ -s "$tmp/cursor1" ] && [ -s "$tmp/cursor2" ]'
for i in 0 1 2; do
	(for n in $(seq 100); do
		echo "$n of person$i"
		read -r -t 0.1 <>"$tmp/never"
	done | chat-send -l -u "person$i" --retry-for 1m -U "${urls[i]}" >"$tmp/receipts$i" 2>>"$tmp/send$i.err") &
	people[i]=$!
	pids+=($!)
done
echo 'Three people, one on each, who say 100 lines each.'
wait_for '[ "$(wc -l <"$tmp/receipts0")" -ge 20 ]'

echo 'Now a nats-server and a chat-serve are killed.'
{
	kill -KILL "${nats_pid[0]}" "${serve_pid[1]}"
	wait "${nats_pid[0]}" || wait "${serve_pid[1]}"
} 2>/dev/null # the shell would say that they were killed
for i in 0 1 2; do
	wait "${people[i]}" || die "person$i: $(tail -n 2 "$tmp/send$i.err")"
done
chat-send -u alice -U "${urls[0]}" '!ping' >/dev/null || die 'nobody heard the ping'
wait_for 'grep -q "pong alice" "$tmp/heard0.out"'
wait_for '[ "$(cat "$tmp"/heard?.out | grep -c "pong alice")" = 3 ]'

# ---- the result ----

for i in 0 1 2; do
	[ "$(jq -r 'select(.sender | startswith("person")).content' "$tmp/heard$i.out" | sort -u | wc -l)" = 300 ] ||
		die "listener$i has not heard all"
	[ "$(wc -l <"$tmp/heard$i.out")" = 302 ] || die "listener$i has heard something twice"
	cmp -s "$tmp/heard0.out" "$tmp/heard$i.out" || die "listener$i has heard something else"
done
echo 'The lines that were acknowledged, and those that each listener has heard:'
printf '  %s' "$(cat "$tmp"/receipts? | wc -l)" "$(wc -l <"$tmp/heard0.out")" "$(wc -l <"$tmp/heard1.out")" "$(wc -l <"$tmp/heard2.out")"
echo ' (two more: the ping, and its answer)'
echo "The longest silence, while a leader was elected: $(jq -s '[.[].timestamp] | [.[1:], .] | transpose |
	map(select(.[0]) | .[0] - .[1]) | max' "$tmp/heard0.out") ms"
echo 'demo-cluster: done, all is heard, once, in one order'
