#!/bin/bash
#
# When stdout has no more room a command says so once, with the number of lines that are missing.

. tests/lib.sh

# full COMMAND…: its stdout is a disk that is full from the start.
full() {
	"$@" >/dev/full
}

# small COMMAND…: its stdout is $TMP/small, which takes 8 blocks of 1,024 bytes.
small() {
	bash -c 'trap "" XFSZ; ulimit -f 8; exec "$@" >"$TMP/small"' bash "$@"
}

whole() {
	tr -cd '\n' <"$TMP/small" | wc -c
}

serve -q --history 1000
no='No space left on device'

# ---- chat-send ----

seq 10 >"$TMP/ten"
exits 74 'chat-send: receipts' full chat-send -l <"$TMP/ten"
is "$(cat "$ERR")" "chat-send: stdout: $no: 10 lines were not written" 'are counted'
exits 74 'one' full chat-send hello
is "$(cat "$ERR")" "chat-send: stdout: $no: 1 line was not written" 'is one'
exits 74 'with --tee' full chat-send -T -l <"$TMP/ten"
is "$(cat "$ERR")" "chat-send: stdout: $no: 10 lines were not written" 'the texts are'
exits 0 'with -q' full chat-send -q -l <"$TMP/ten"
seq 100000 >"$TMP/many"
exits 74 'much input' small chat-send -l <"$TMP/many"
read_lines=$(sed -n 's/^chat-send: what follows line \([0-9]*\) was not read$/\1/p' "$ERR")
lost=$(sed -n 's/^chat-send: stdout: File too large: \([0-9]*\) lines were not written$/\1/p' "$ERR")
is "$(lines "$ERR")" 2 'two things are said'
is "$((lost + $(whole)))" "$read_lines" 'each line that was read has its receipt or is counted'
is "$(head -c 8000 "$TMP/small" | head -n "$(($(whole) - 2))" | jq -r .content | paste -sd,)" "$(seq "$(($(whole) - 2))" | paste -sd,)" 'what was written is in order'

# ---- chat-listen ----

exits 74 'chat-listen: a history' full chat-listen --no-follow --history=flat -t message -n 20
is "$(cat "$ERR")" "chat-listen: stdout: $no: 20 lines were not written" 'is counted'
exits 74 'where there is a little room' small chat-listen --no-follow --history=flat -t message -n 100
lost=$(sed -n 's/^chat-listen: stdout: File too large: \([0-9]*\) lines were not written$/\1/p' "$ERR")
is "$((lost + $(whole)))" 100 'what is written and what is counted are all'
is "$(lines "$ERR")" 1 'and no more is said'
chat-listen --no-follow --history=flat -t message -n 30 >"$TMP/log"
exits 74 'a log' full chat-listen --from-log "$TMP/log"
is "$(cat "$ERR")" "chat-listen: stdout: $no: 30 lines were not written" 'likewise'

# ---- chat-serve ----

stop "$SERVE_PID"
spawn chat-serve --listen 127.0.0.1:0 --url-file "$TMP/url" >/dev/full 2>"$TMP/served"
server=$!
wait_for '[ -s "$TMP/url" ]'
CHAT_URL=$(cat "$TMP/url")
exits 0 'chat-serve: the chat goes on' chat-send -l <"$TMP/ten"
kill -TERM "$server"
ends "$server" 0 'and ends well'
is "$(grep -c "stdout: $no" "$TMP/served")" 1 'it says once what is wrong'
like "$(cat "$TMP/served")" 'stdout: there was no room: the last 11 events were not printed' 'and counts what is missing'

done_testing
