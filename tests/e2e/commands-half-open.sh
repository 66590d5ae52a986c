#!/bin/bash
#
# A cable is pulled: both ends still have the connection, and nothing comes through any more. Both notice
# it, and after the cable is back nothing was lost or doubled. Server and clients live in network
# namespaces of their own, joined by a pair of veth devices.

. tests/lib.sh

here=chat-test-$$-a there=chat-test-$$-b
at_server() { ip netns exec "$here" "$@"; }

take_down() {
	ip netns del "$here"
	ip netns del "$there"
} 2>/dev/null

build_up() {
	ip netns add "$here" && ip netns add "$there" &&
		ip link add cable netns "$here" type veth peer name cable netns "$there" &&
		ip -n "$here" addr add 10.77.0.1/30 dev cable && ip -n "$there" addr add 10.77.0.2/30 dev cable &&
		ip -n "$here" link set cable up && ip -n "$there" link set cable up &&
		ip -n "$here" link set lo up
} >/dev/null 2>"$TMP/ip"

AT_EXIT=take_down
build_up || skip_all "no network namespaces: $(head -n 1 "$TMP/ip")"

spawn ip netns exec "$here" chat-serve --open --listen 10.77.0.1:0 --url-file "$TMP/url" --rate 0 \
	--ping-interval 500ms --ping-timeout 500ms >"$TMP/events" 2>"$TMP/log"
servers+=("$!")
wait_for '[ -s "$TMP/url" ]' || diag "$(cat "$TMP/log")"
CHAT_URL=$(cat "$TMP/url")
export CHAT_URL

pull() { ip -n "$here" link set cable down; }
plug() { ip -n "$here" link set cable up; }
said() { jq -r 'select(.type == "message") | .content' "$TMP/events"; }

# ---- pulled, and plugged in again ----

mkfifo "$TMP/input"
spawn ip netns exec "$there" chat-listen -v -u hearer -t message --dead-after 1s --retry-for 60s \
	>"$TMP/heard" 2>"$TMP/listen.err"
spawn bash -c 'exec ip netns exec "$0" chat-send -v -l -u speaker --dead-after 1s --retry-for 60s <"$1" >"$2" 2>"$3"' \
	"$there" "$TMP/input" "$TMP/receipts" "$TMP/send.err"
sender=$!
exec 8>"$TMP/input"
seq 1 100 >&8
wait_for '[ "$(lines "$TMP/heard")" -eq 100 ] && [ "$(lines "$TMP/receipts")" -eq 100 ]'
ok 'before, all is said and heard'
pull
seq 101 200 >&8
wait_for 'grep -q "answers no ping" "$TMP/send.err"'
ok 'chat-send notices'
wait_for 'grep -q "answers no ping" "$TMP/listen.err"'
ok 'chat-listen notices'
wait_for 'jq -se "map(select(.username == \"hearer\")) | last.online == false" "$TMP/events" >/dev/null'
ok 'and so does chat-serve'
at_server chat-send -q -u witness nobody hears this yet
plug
seq 201 300 >&8
exec 8>&-
ends "$sender" 0 'plugged in again, all is accepted' 60
is "$(jq -r .content "$TMP/receipts" | paste -sd' ')" "$(seq 300 | paste -sd' ')" 'a receipt for each, in order'
is "$(said | grep -v nobody | paste -sd' ')" "$(seq 300 | paste -sd' ')" 'the server has each once, in order'
wait_for '[ "$(lines "$TMP/heard")" -ge 301 ]'
jq -r .content "$TMP/heard" | cmp - <(said)
ok 'the listener heard all of it, what it missed included, in order'
unlike "$(cat "$TMP/listen.err")" 'missing' 'without a gap'

# ---- pulled for good ----

spawn bash -c 'exec ip netns exec "$0" chat-send -l -u speaker --window 10 --dead-after 1s --retry-for 2s <"$1" >"$2" 2>"$3"' \
	"$there" "$TMP/input" "$TMP/receipts" "$TMP/send.err"
sender=$!
exec 8>"$TMP/input"
seq 1 5 >&8
wait_for '[ "$(lines "$TMP/receipts")" -eq 5 ]'
pull
seq 6 40 >&8
exec 8>&-
ends "$sender" 2 'without an end of it: some may or may not have been accepted' 60
is "$(jq -r '.type' "$TMP/receipts" | uniq -c | awk '{print $1 $2}' | paste -sd' ')" \
	'5message 10$unknown' 'its receipts say of which it is known and unknown'
like "$(cat "$TMP/send.err")" 'lines 6-15: may or may not' 'by their lines'
like "$(cat "$TMP/send.err")" 'what follows line 15 was not read' 'and where it stopped'
exits 69 'a new one cannot connect' ip netns exec "$there" chat-send -u late --connect-timeout 500ms hi
plug

done_testing
