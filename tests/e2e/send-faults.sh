#!/bin/bash
#
# 200 connections are cut at random places while chat-send sends 10,000 lines. Each line is accepted once,
# in order.

LIMIT=300
. tests/lib.sh

serve --history 10
port=${CHAT_URL##*:}
good=$CHAT_URL

# bad ARGUMENT…: a proxy before the server; sets CHAT_URL.
bad() {
	helper faulty-proxy.js "$TMP/proxy" --to "${port%/}" "$@"
	proxy=$!
	CHAT_URL=ws://127.0.0.1:$(cat "$TMP/proxy")/
}

seq 10000 | sed 's/.*/line &/' >"$TMP/lines"

bad --cuts 200 --bytes 30000 --seed 7 --repeat 10
exits 0 'ten thousand lines over two hundred cuts' chat-send -l --window 64 --retry-for 15s <"$TMP/lines"
jq -r .content "$OUT" | cmp - "$TMP/lines"
ok 'a receipt for each, in order'
wait_for '[ "$(grep -c "\"content\":\"line " "$SERVE_OUT")" -ge 10000 ]'
jq -r 'select(.type == "message") | .content' "$SERVE_OUT" | cmp - "$TMP/lines"
ok 'and the server has each once, in order'
kill -USR1 "$proxy"
wait_for '[ "$(lines "$TMP/proxy")" -eq 2 ]'
like "$(tail -n 1 "$TMP/proxy")" '^200 cuts, [1-9][0-9]+ repeats$' 'the cuts were made, and messages said twice'
stop "$proxy"

# A listener, while 5,000 lines are said in ten seconds.
bad --cuts 200 --bytes 150000 --seed 11 --repeat 10
spawn chat-listen -c watched -u watcher -t message -C 5000 --retry-for 8s >"$TMP/heard" 2>"$TMP/gaps"
listener=$!
wait_for "chat-listen --hidden -u counter -U $good -c watched --no-follow -t userData | grep -q watcher"
seq 5000 | jq -c '{type:"message",id:tostring,sender:"log",content:"line \(.)",timestamp:(. * 4)}' |
	chat-send -U "$good" -c watched -q --replay - --speed 1
ok 'five thousand lines, as fast as they were said'
ends "$listener" 0 'a listener behind the bad network hears them' 60
jq -r .content "$TMP/heard" | cmp - <(head -n 5000 "$TMP/lines")
ok 'each once, in order'
is "$(cat "$TMP/gaps")" '' 'without a gap'
kill -USR1 "$proxy"
wait_for '[ "$(lines "$TMP/proxy")" -eq 2 ]'
like "$(tail -n 1 "$TMP/proxy")" '^[0-9]{2,} cuts, [1-9][0-9]+ repeats$' 'over many cuts, and with messages said twice'

done_testing
