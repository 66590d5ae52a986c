#!/bin/bash
#
# chat-send --reply waits for answers as long as there can be any, also over restarts of the server, and
# says why none came.

. tests/lib.sh

# ask ARGUMENT…: asks in the background; $! is its pid, $TMP/asked its receipts, $TMP/said its stderr.
ask() {
	: >"$TMP/asked"
	spawn chat-send -u asker "$@" --reply '!status' >"$TMP/asked" 2>"$TMP/said"
	asker=$!
	wait_for '[ -s "$TMP/asked" ]'
	id=$(jq -r .id "$TMP/asked")
}

# answer: somebody answers, and many say other things after that.
answer() {
	{ jq -nc --arg id "$id" '{text:"all is well",replyTo:$id}' && seq 100 | jq -c '{text:"\(.)"}'; } |
		chat-send -q -u helper
}

again() {
	serve_at "127.0.0.1:$port" "$@"
}

# ---- a server that keeps what was said ----

serve -q --journal "$TMP/journal"
port=${CHAT_URL##*:} port=${port%/}
ask
kill -STOP "$asker"
slay "$SERVE_PID"
again -q --journal "$TMP/journal"
answer
ok 'the server is killed and comes back, and the answer is given before the asker is there'
kill -CONT "$asker"
ends "$asker" 0 'the asker asks for what it missed'
is "$(jq -r .content "$TMP/asked" | paste -sd,)" '!status,all is well' 'and gets the answer, once'
is "$(cat "$TMP/said")" '' 'without a word'

# unread: the server's end of a connection holds bytes that it has not read.
unread() {
	awk -v port="$(printf ':%04X$' "$port")" \
		'$2 ~ port && $4 == "01" { split($5, queue, ":"); if (queue[2] !~ /^0+$/) found = 1 }
		END { exit !found }' /proc/net/tcp
}

mkfifo "$TMP/input"
: >"$TMP/asked"
spawn bash -c 'exec chat-send -u asker -l --reply <"$0" >"$1" 2>"$2"' "$TMP/input" "$TMP/asked" "$TMP/said"
asker=$!
exec 8>"$TMP/input"
echo '!status' >&8
wait_for '[ -s "$TMP/asked" ]'
id=$(jq -r .id "$TMP/asked")
kill -STOP "$SERVE_PID"
seq 60 >&8
exec 8>&-
wait_for unread
kill -STOP "$asker"
slay "$SERVE_PID"
again -q --journal "$TMP/journal"
answer
kill -CONT "$asker"
ends "$asker" 0 'one who has much to say besides asks for it too'
is "$(jq -r 'select(.replyTo).content' "$TMP/asked")" 'all is well' 'and gets it'
is "$(jq -r 'select(.replyTo | not).content' "$TMP/asked" | paste -sd,)" "!status,$(seq 60 | paste -sd,)" 'with every receipt'

# ---- one that is dead ----

ask -W 2s
slay "$SERVE_PID"
ends "$asker" 124 'a server that dies and is not back in time'
is "$(cat "$TMP/said")" "chat-send: $CHAT_URL: Connection refused
chat-send: time limit: 0 of 1 answers came" 'is told, and how many answers came'
exits 124 'one that never was there' chat-send --retry-for forever -W 1s hello
is "$(head -n 2 "$ERR")" "chat-send: $CHAT_URL: Connection refused
chat-send: time limit" 'is told too'

# ---- one that forgot what was asked ----

again -q
ask --retry-for forever
slay "$SERVE_PID"
again -q
ends "$asker" 69 'a server that came back without what was asked'
is "$(cat "$TMP/said")" "chat-send: $CHAT_URL: the server was started anew and does not have what was asked: no answer will come to it" 'is no reason to wait on'

# ---- one that does not keep enough ----

stop "$SERVE_PID"
again -q -v --history-keep 10 --ping-interval 200ms --ping-timeout 200ms
ask
kill -STOP "$asker"
wait_for 'grep -q "asker leaves" "$SERVE_ERR"'
answer
kill -CONT "$asker"
wait_for '[ -s "$TMP/said" ]'
is "$(cat "$TMP/said")" "chat-send: $CHAT_URL: answers may be missing that came meanwhile" 'what is not kept may have been an answer'
answer
ends "$asker" 0 'one that comes later is taken'

# ---- a server that is not there yet ----

stop "$SERVE_PID"
spawn chat-send -v --retry-for forever hello >"$TMP/asked" 2>"$TMP/said"
early=$!
wait_for 'grep -q again "$TMP/said"'
again -q
ends "$early" 0 '--retry-for forever waits for the server'
is "$(jq -r .content "$TMP/asked")" hello 'and says what was to be said'
exits 64 'no other word' chat-send --retry-for never hello
like "$(cat "$ERR")" "^chat-send: --retry-for 'never'" 'is a time'

done_testing
