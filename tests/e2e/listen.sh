#!/bin/bash
#
# chat-listen with a server of ours: what it prints, from which message to which, and what it sends.

. tests/lib.sh

serve --history 50

# listeners N: so many connections are in the channel /.
listeners() {
	[ "$(chat-listen --hidden -u counter --no-follow -t userData | jq '.users | length')" -eq "$1" ]
}

# ---- what ----

chat-send -u alice one >"$TMP/one"
chat-send -u bobby two >"$TMP/two"
exits 0 'what is there' chat-listen --no-follow
is "$(jq -r .type "$OUT" | paste -sd,)" userData,history 'is userData and history'
is "$(jq -c '.messages[]?' "$OUT" | tail -n 2)" "$(cat "$TMP/one" "$TMP/two")" 'with the messages as they were'
exits 0 'flat' chat-listen --no-follow --history=flat -t message
same "$OUT" <(cat "$TMP/one" "$TMP/two") 'each message is a line, byte for byte'
exits 0 'the last one' chat-listen --no-follow --history=flat -t message -n 1
same "$OUT" "$TMP/two" 'is the last'
exits 0 'the last one of a line' chat-listen --no-follow -t history -n 1
is "$(jq -r '.messages[].content' "$OUT")" two 'is in the line alone'
chat-validate -q --from server "$OUT"
ok 'which is valid'
exits 0 'the last none' chat-listen --no-follow -t history -n 0
is "$(jq -c .messages "$OUT")" '[]' 'leave an empty line'
exits 0 'no history' chat-listen --no-follow --history=none
is "$(jq -r .type "$OUT")" userData 'no line of it'

# shape ARGUMENT…: the types of the lines that come, without userData.
shape() {
	chat-listen --no-follow "$@" | jq -r .type | grep -vx userData | paste -sd,
}

is "$(shape)" history 'by default the history is one line'
is "$(shape --history=auto)" history 'which is auto'
is "$(shape --since all)" message,message 'after a position it is a line for each message'
is "$(shape --cursor-file "$TMP/shape.cur")" message,message 'and with a cursor file that is new'
is "$(shape --since all --history=line)" history 'unless asked for as one line'
exits 0 'a command with a new cursor file' chat-listen --cursor-file "$TMP/shape-bot.cur" -C 2 --exec sh -c 'jq -r .type >"$0"' "$TMP/shape"
is "$(paste -sd, "$TMP/shape")" userData,history 'gets one line'

exits 0 '--from' chat-listen --no-follow --history=flat --from alice
same "$OUT" "$TMP/one" 'takes the words of one'
exits 0 '--no-user' chat-listen -u alice --no-user --no-follow --history=flat -t message
same "$OUT" "$TMP/two" 'leaves out what our user says'
exits 0 '--no-self' chat-listen -u alice --no-self --no-follow --history=flat -t message
same "$OUT" <(cat "$TMP/one" "$TMP/two") 'does not: another process said it'
exits 64 '--max-hops alone' chat-listen --max-hops 3
exits 0 '--quiet' chat-listen -q -C 2 -t message --history=flat -W 10s --cursor-file "$TMP/quiet.cur"
is "$(cat "$OUT" "$ERR")" '' 'prints nothing, counts what it would have printed'
is "$(jq -r .since "$TMP/quiet.cur")" "$(jq -r .id "$TMP/two")" 'and has come as far'
exits 124 'what does not come' chat-listen --quiet --from nobody -C 1 -W 300ms
exits 64 'a command' chat-listen -q --exec cat
like "$(head -n 1 "$ERR")" '--quiet leaves a command nothing to hear$' 'is to hear something'
exits 64 'a type that no server says' chat-listen -t text
exits 0 'after a position' chat-listen --no-follow --since "$(jq -r .id "$TMP/one")" -t message
same "$OUT" "$TMP/two" 'comes what is missed'
exits 1 'a position that nobody knows' chat-listen --no-follow --since nobody-knows -t message --events
is "$(head -n 1 "$OUT")" "{\"type\":\"\$gap\",\"after\":\"nobody-knows\",\"before\":\"$(jq -r .id "$TMP/one")\"}" \
	'is a gap, and told'
like "$(cat "$ERR")" 'messages may be missing after nobody-knows' 'on stderr too'

# ---- how far ----

spawn chat-listen -u watch -t userData,history,message -C 3 >"$TMP/watch"
pid=$!
wait_for 'listeners 1'
chat-send live >"$TMP/live"
ends "$pid" 0 '-C 3 ends after three lines'
is "$(tail -n 1 "$TMP/watch")" "$(cat "$TMP/live")" 'of which the last is live'
exits 124 '-W ends with 124' chat-listen -W 100ms
exits 0 '--until-idle' chat-listen --until-idle 100ms
is "$(lines "$OUT")" 2 'ends when nothing comes'
spawn chat-listen --wait -C 1 -U ws://127.0.0.1:1/ --unix-socket "$TMP/late" >"$TMP/waited"
pid=$!
spawn chat-serve -l "unix:$TMP/late" >"$TMP/late.out" 2>&1
late=$!
ends "$pid" 0 '--wait waits for a server'
stop "$late"
exits 69 'without it a server that is not there' chat-listen --unix-socket "$TMP/late"

# ---- for people ----

chat-send -c people -u alice $'\e[31mred\u202eevil\x7f' >"$TMP/red"
chat-send -c people -u alice -f LICENSE >"$TMP/file"
exits 0 'for people' chat-listen -c people -H --no-follow -u bobby
like "$(sed -n 1p "$OUT")" '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9] \* here: <bobby>$' 'who is here'
is "$(sed -n 2p "$OUT" | cut -c 10-)" '<alice> \x1b[31mred\u202eevil\x7f' 'what is said, shown and not obeyed'
like "$(sed -n 3p "$OUT")" '<alice> LICENSE \[file, text/plain, [0-9]+ bytes\]$' 'and a file'
chat-listen -c people -H --no-follow --color=always | grep -q $'\e\\[3.m<alice>'
ok 'in colour where that is wanted'
chat-listen -c people -H --no-follow | grep -q $'\e'
not_ok 'and in none without a terminal'

# ---- several ----

serve
second=$CHAT_URL
first=$(cat "$TMP/serve.0.url")
chat-send -U "$second" over there >"$TMP/there"
exits 0 'two servers' chat-listen --no-follow --history=flat -t message -n 1 "$first" "$second"
is "$(jq -r '"\(.content) \(.url)"' "$OUT" | sort)" "$(printf '%s\n' "live $first" "over there $second")" \
	'each line says whose it is'
exits 69 'one that is not there' chat-listen --no-follow "$second" ws://127.0.0.1:1/
is "$(jq -r .type "$OUT" | head -n 1)" userData 'does not take the other with it'

# ---- a cursor ----

export CHAT_URL=$first
exits 0 'a cursor that is new' chat-listen -c cursor --cursor-file "$TMP/cur" --no-follow
chat-send -c cursor -l < <(seq 5) >"$TMP/five"
exits 0 'the next time' chat-listen -c cursor --cursor-file "$TMP/cur" -t message -C 2
head -n 2 "$TMP/five" | cmp - "$OUT"
ok 'comes what is new, as lines'
exits 0 'and then' chat-listen -c cursor --cursor-file "$TMP/cur" -t message --no-follow
tail -n 3 "$TMP/five" | cmp - "$OUT"
ok 'what is left'
exits 0 'and in the end' chat-listen -c cursor --cursor-file "$TMP/cur" -t message --no-follow
is "$(cat "$OUT")" '' 'nothing'
is "$(jq -r .url "$TMP/cur")" "${first}cursor" 'the file says what it is about'
exits 73 'a cursor that cannot be written' chat-listen --cursor-file "$TMP/nowhere/cur"
echo hello >"$TMP/not"
exits 66 'a file that is no cursor' chat-listen --cursor-file "$TMP/not"
is "$(cat "$TMP/not")" hello 'is left alone'

# ---- files ----

printf 'one\n' >"$TMP/a.txt"
{
	chat-send -c files -f "$TMP/a.txt"
	printf 'two\n' | chat-send -c files -f - --name ../../etc/a.txt
	printf 'three\n' | chat-send -c files -f - --name $'.hid\e[2Jden'
	printf '{"type":"file","file":{"name":"lie","type":"x/y","size":9,"data":"AAAA"}}\n' | chat-send -c files
} >"$TMP/sent"
exits 0 '--save-files' chat-listen -c files --save-files "$TMP/inbox" --history=flat -t message --no-follow
is "$(find "$TMP/inbox" -mindepth 1 -printf '%f\n' | sort | paste -sd,)" 'a.1.txt,a.txt,hid_[2Jden' 'takes names and no folders, and replaces nothing'
is "$(cat "$TMP/inbox/a.txt" "$TMP/inbox/a.1.txt" | paste -sd,)" 'one,two' 'and the bytes'
is "$(jq -r '.file.path // "none"' "$OUT" | head -n 2 | paste -sd,)" "$TMP/inbox/a.txt,$TMP/inbox/a.1.txt" 'the line has the path'
is "$(jq -r 'select(.file.path) | .file.data' "$OUT" | sort -u)" null 'and not the data'
is "$(tail -n 1 "$OUT" | jq -r .file.data)" AAAA 'a size that lies is not saved'
printf 'four\n' | chat-send -q -c link -f - --name link
mkdir "$TMP/trap" && ln -s ../elsewhere "$TMP/trap/link"
exits 0 'a link where the name would be' chat-listen -c link --save-files "$TMP/trap" --history=flat -t message --no-follow
is "$(cat "$TMP/trap/link.1")" four 'is as any file of that name'
[ ! -e "$TMP/elsewhere" ]
ok 'and not followed'
head -c 100000 /dev/zero | chat-send -q -c large -f - --name large
(ulimit -f 16 && chat-listen -c large --save-files "$TMP/small" --history=flat -t message --no-follow) \
	>"$TMP/large" 2>"$ERR"
is "$?" 74 'a file that does not fit'
is "$(find "$TMP/small" -type f | wc -l)" 0 'is there whole or not at all'
exits 73 'a folder that cannot be' chat-listen --save-files "$TMP/a.txt/inbox"

# ---- readers ----

spawn bash -c 'chat-listen -u slow | { read -r line; echo "$line"; }' >"$TMP/one-line"
ends $! 0 'a reader that goes away ends it'
is "$(lines "$TMP/one-line")" 1 'after one line'

# A reader that stops reading does not stop the listener from living.
mkfifo "$TMP/stalled"
exec 9<>"$TMP/stalled"
spawn chat-listen -c flood -u stalled >"$TMP/stalled" 9>&-
pid=$!
wait_for "chat-listen -c flood --hidden -u counter --no-follow -t userData | grep -q stalled"
seq 20000 | chat-send -c flood -lq
ok 'twenty thousand messages with a reader who sleeps'
: >"$TMP/woken"
jq -r --unbuffered 'select(.type == "message") | .content' <&9 9>&- >"$TMP/woken" &
reader=$!
wait_for '[ "$(tail -n 1 "$TMP/woken")" = 20000 ]'
same "$TMP/woken" <(seq 20000) 'and who then wakes up: each of them, in order'
kill "$reader"
kill -TERM "$pid"
ends "$pid" 143 'nothing keeps it from ending'
exec 9>&-

done_testing
