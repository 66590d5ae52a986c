#!/bin/bash
#
# The clients have a list of URLs: one is dead, dies, shuts down or refuses them, and they go on at the
# next one, without a line that is lost or doubled where the servers have the same journal.

LIMIT=200
. tests/lib.sh

dead=ws://127.0.0.1:1/
serve
one=$CHAT_URL one_pid=$SERVE_PID
serve
two=$CHAT_URL
unset CHAT_URL

# told: what the last command said on stderr, without its name and the names of errors.
told() {
	sed -E 's/^chat-[a-z]+: //; s/; the next is (.*), in [0-9]+ ms$/; the next is \1, later/' "$ERR"
}

# ---- the list ----

exits 0 'chat-send: the first server is dead' chat-send -v -U "$dead,$two" hello
is "$(told)" "$dead: connecting
$dead: Connection refused; the next is $two
$two: connecting
$two: joined as $(id -un)" 'and it says which it tries'
exits 0 'chat-send: CHAT_URL is a list' env "CHAT_URL=$dead,$dead,$two" chat-send hello
exits 0 'chat-send: no second round is asked for, but the first one is finished' \
	chat-send --retry-for 0 -U "$dead,$two" hello
exits 0 'chat-send: it begins with the first one' chat-send -v -U "$one,$two" hello
is "$(told | head -n 1)" "$one: connecting" 'and needs no other'
exits 0 'chat-listen: an operand is a list, without --wait' chat-listen --no-follow -t userData "$dead,$two"
exits 69 'chat-send: all are dead' chat-send -v -U "$dead,${dead}?x" hello
is "$(told)" "$dead: connecting
$dead: Connection refused; the next is $dead?x
$dead?x: connecting
$dead?x: Connection refused
1 message not sent" 'each was tried once'
exits 69 'chat-send --retry-for: round after round' chat-send -v --retry-for 1s -U "$dead,${dead}?x" hello
is "$(told | head -n 5 | tail -n 2)" "$dead?x: Connection refused; the next is $dead, later
$dead: connecting" 'with a pause between them'

exits 64 'chat-send: two channels' chat-send -U "${one}ops,$two" hello
is "$(head -n 1 "$ERR")" 'chat-send: the URLs of a list name one channel, not /ops and /' 'are no list'
exits 0 'chat-send -c: one channel for all' chat-send -c ops -U "${one}x,${two}y" hello
exits 64 'chat-listen: with and without TLS' chat-listen "wss://localhost/,$two"
like "$(head -n 1 "$ERR")" '^chat-listen: the URLs of a list are all wss:// or all ws://' 'is no list'
exits 64 'chat-send: too many' chat-send -U "$(yes "$two" | head -n 17 | paste -sd,)" hello
is "$(head -n 1 "$ERR")" 'chat-send: 17 URLs: a list has at most 16' 'are no list'
exits 64 'chat-send: CHAT_URL ends with a comma' env "CHAT_URL=$two," chat-send hello
is "$(head -n 1 "$ERR")" 'chat-send: CHAT_URL: URL 2 of 2: nothing is there' 'and says so'
exits 0 'chat-send: a comma in a query' chat-send -U "$two?a,b,c=%2Cws://$dead" hello

# ---- servers that refuse ----

helper refusing-server.py "$TMP/refusing"
refusing=$(cat "$TMP/refusing")
word=username_taken
exits 0 'chat-send: one server refuses, the next one does not' chat-send -c "$word" -U "$refusing,$two" hello
is "$(told)" "$refusing/$word: $word: no; the next is $two$word" 'it says so without -v'
exits 77 'chat-send: all refuse' chat-send --retry-for 9s -c "$word" -U "$refusing,$refusing" hello
is "$(told | sed -n 2p)" "$refusing/$word: $word: no" 'and the last one is told'
for list in "$refusing,$dead" "$dead,$refusing"; do
	exits 69 'chat-send: a server that is dead may come back, one that refuses may not' \
		chat-send -c "$word" -U "$list" hello
	like "$(told)" "(^|"$'\n'")$dead$word: Connection refused" 'it is told'
done
for word in shutting_down server_full; do
	exits 0 "chat-send: $word" chat-send -v -c "$word" -U "$refusing,$two" hello
	like "$(told)" "$refusing/$word: $word: no; the next is $two$word"$'\n'"$two$word: connecting" \
		'the next one is tried at once'
done
serve --max-connections 1
full=$CHAT_URL
unset CHAT_URL
spawn chat-listen "$full" >"$TMP/full"
wait_for '[ -s "$TMP/full" ]'
exits 0 'chat-send: a server that answers 503' chat-send -v -U "$full,$two" hello
like "$(told)" "$full: the server answers 503 .*; the next is $two"$'\n'"$two: connecting" \
	'is left for the next one at once'
stop $!
exits 69 'chat-listen --exec: a list is one URL' chat-listen -U "$dead,$dead" --exec cat

# ---- servers that share nothing ----

spawn chat-listen --cursor-file "$TMP/apart.cur" -t message -U "$one,$two" -c apart >"$TMP/apart" 2>"$TMP/apart.err"
listener=$!
wait_for 'grep -q one "$TMP/apart" || ! chat-send -q -c apart -u speaker -U "$one" one'
chat-send -q -c apart -u speaker -U "$two" before
slay "$one_pid"
wait_for 'grep -q after "$TMP/apart" || ! chat-send -q -c apart -u speaker -U "$two" after'
is "$(jq -r .content "$TMP/apart" | uniq | paste -sd' ')" 'one before after' 'a listener goes on at the other one'
like "$(cat "$TMP/apart.err")" "^chat-listen: ${two}apart: messages may be missing after [0-9a-f-]+ and before" \
	'and says that messages may be missing'
is "$(jq -r .url "$TMP/apart.cur" | paste -sd' ')" "${one}apart ${two}apart" 'its cursor is that of both'
stop "$listener"
exits 0 'chat-listen: with another list it goes on there' chat-listen --cursor-file "$TMP/apart.cur" -t message \
	--no-follow -U "$dead,$two" -c apart
is "$(cat "$OUT")" '' 'nothing comes again'

# ---- servers that have the journal in turn ----

# A port that is free: the server that had it has ended.
serve
two=$CHAT_URL
stop "$SERVE_PID"
serve --journal "$TMP/journal"
one=$CHAT_URL
one_pid=$SERVE_PID
unset CHAT_URL
port() {
	local port=${1##*:}
	echo "${port%/}"
}

chat-send -q -u first -U "$one" 'the beginning'
spawn chat-listen --cursor-file "$TMP/cursor" -u hearer -t message -U "$two,$one" >"$TMP/heard" 2>"$TMP/hearer.err"
listener=$!
spawn chat-listen -u helpbot --cursor-file "$TMP/bot.cursor" -U "$one,$two" --exec \
	jq --unbuffered -c 'select(.type=="message" and (.content|test("^line .*00$")))
		| {type:"text",text:"heard \(.content)",replyTo:.id}' 2>"$TMP/bot.err"
bot=$!
# What is said before they join would come to them as a history.
wait_for 'grep userStatus "$SERVE_OUT" | grep -q hearer && grep userStatus "$SERVE_OUT" | grep -q helpbot'
mkfifo "$TMP/input"
spawn bash -c 'exec chat-send -l -u speaker --retry-for 30s -U "$1" <"$0"' "$TMP/input" "$one,$two" \
	>"$TMP/receipts" 2>"$TMP/sender.err"
sender=$!
exec 8>"$TMP/input"

# speak FROM TO: as many lines, after those of the last call; half of them are accepted when this returns.
speak() {
	local half=$((($1 + $2) / 2))
	[ -z "${speaking-}" ] || wait "$speaking"
	seq -f 'line %.0f' "$1" "$2" >&8 &
	speaking=$!
	wait_for "[ \"\$(lines '$TMP/receipts')\" -ge $half ]" 30
}

speak 1 8000
slay "$one_pid"
serve_at "127.0.0.1:$(port "$two")" --journal "$TMP/journal" 8>&-
speak 8001 16000
ok 'chat-send: a server is killed, and the next one goes on with its journal'
stop "$SERVE_PID"
is "$?" 0 'that one is shut down'
serve_at "127.0.0.1:$(port "$one")" --journal "$TMP/journal" 8>&-
speak 16001 20000
ok 'chat-send: and the first one goes on again'
exec 8>&-
ends "$sender" 0 'all is accepted' 30
jq -r .content "$TMP/receipts" | cmp - <(seq 20000 | sed 's/^/line /')
ok 'each line has its receipt, in order'
is "$(jq -r .type "$TMP/receipts" | sort -u)" message 'none of them is unknown'
# The history that the first connection gets is one line, with what was there before.
heard() {
	jq -r 'select(.type=="message") | .content' "$TMP/heard"
}
wait_for '[ "$(heard | grep -c "^heard")" -ge 200 ]' 30
heard | grep '^line' | cmp - <(seq 20000 | sed 's/^/line /')
ok 'chat-listen: it hears each line once, in order'
heard | grep '^heard' | sort | cmp - <(seq 100 100 20000 | sed 's/^/heard line /' | sort)
ok 'chat-listen --exec: a bot answers each question once' ||
	diag "$(heard | grep '^heard' | sort | diff - <(seq 100 100 20000 | sed 's/^/heard line /' | sort); cat "$TMP/bot.err")"
cat "$TMP/journal"/*.ndjson | jq -r 'select(.type=="message") | .content | select(startswith("line"))' | cmp - <(seq 20000 | sed 's/^/line /')
ok 'and the journal has each once'
is "$(cat "$TMP/hearer.err" "$TMP/bot.err")" '' 'nobody missed anything'
is "$(grep -v ': shutting_down: ' "$TMP/sender.err")" '' 'and the sender has nothing to say but that'
stop "$listener"
stop "$bot"
chat-send -q -u speaker -U "$one" 'the end'
exits 0 'chat-listen: the next run, with the list in another order, goes on' chat-listen --cursor-file "$TMP/cursor" \
	-t message --no-follow -U "$one,$two"
is "$(jq -r .content "$OUT")" 'the end' 'at the position of the first run'

done_testing
