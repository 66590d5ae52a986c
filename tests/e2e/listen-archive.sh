#!/bin/bash
#
# chat-listen writes a channel's archive, in one run and over several: everything that is kept, each
# message once, in order, or from a given time on. Its exit status says when something is missing. It also
# works with servers of other kinds, and after the disk was full.

. tests/lib.sh

# said FROM TO: texts of these numbers, said by chat-send; its receipts' ids are in $TMP/said.
said() {
	seq "$1" "$2" | chat-send "${@:3}" -l | jq -r .id >>"$TMP/said"
}

archive() {
	chat-listen --no-follow -t message "$@"
}

# holds FILE NAME: the lines of FILE are the messages that were said, each once, in order.
holds() {
	is "$(jq -r .id "$1" 2>&1 | cmp - "$TMP/said" 2>&1)" '' "$2"
}

# ---- everything ----

serve --quiet --journal "$TMP/journal" --history-keep 50
said 1 9000
exits 0 '--since all' archive --since all
holds "$OUT" 'is everything that is kept'
exits 0 'the archive is valid' chat-validate --from server --state "$OUT"
exits 0 '--since all --history=flat' chat-listen --no-follow -t message --since all --history=flat
holds "$OUT" 'is that, too'
exits 0 '--history=line' chat-listen --no-follow -t history --since all --history=line
jq -r '.messages[].id' "$OUT" | cmp - "$TMP/said"
ok 'is all of it in a few lines'
exits 0 '--until-idle' chat-listen --until-idle 300ms -t message --since all
holds "$OUT" 'is an archive, too'

# ---- over several runs ----

exits 69 'a first run that finds no server' chat-listen -U ws://127.0.0.1:1/ --cursor-file "$TMP/none.cur" --since all
exits 69 'and a second one, which need not choose between --since and --cursor-file' \
	chat-listen -U ws://127.0.0.1:1/ --cursor-file "$TMP/none.cur" --since all
: >"$TMP/archive"
for to in 9000 9100 9100 12000; do
	[ "$to" = 9000 ] || said "$((1 + $(lines "$TMP/said")))" "$to"
	archive --since all --cursor-file "$TMP/cursor" >>"$TMP/archive" || diag "chat-listen: $?"
done
holds "$TMP/archive" 'with --cursor-file and --since all a run begins at the beginning, the next ones go on'
like "$(cat "$TMP/cursor")" '^\{"url":"ws:[^"]*","since":"[0-9a-f-]+"\}$' 'the cursor file is as the manual says'
exits 0 'a later --since says nothing' archive --since all --cursor-file "$TMP/cursor"
is "$(cat "$OUT")" '' 'to a run that goes on'
printf '' >"$TMP/empty.cur"
archive --since all --cursor-file "$TMP/empty.cur" >"$TMP/archive"
holds "$TMP/archive" 'an empty cursor file is none'

# A cron job on a channel where nothing was said yet, whose next messages are more than a history holds.
: >"$TMP/said"
: >"$TMP/archive"
for to in 0 0 700; do
	[ "$to" = 0 ] || said 1 700 -c young
	archive -c young --since -2h --cursor-file "$TMP/young" >>"$TMP/archive" || diag "chat-listen: $?"
done
holds "$TMP/archive" 'a channel that was empty at first is archived from its beginning'

# ---- from a time on ----

# moment: the time now, later than all that was said, and not later than what will be.
moment() {
	local last now
	last=$(date +%s%3N)
	until now=$(date +%s%3N) && [ "$now" -gt "$last" ]; do :; done
	date -u -d "@${now%???}.${now: -3}" "$@"
}

: >"$TMP/said"
said 1 3000 -c times
utc=$(moment +%FT%T.%3NZ)
: >"$TMP/said"
said 3001 6000 -c times
exits 0 '--since a time' archive -c times --since "$utc"
holds "$OUT" 'is what was said from then on'
exits 0 'with another offset' archive -c times --since "$(TZ=Asia/Kolkata date -d "$utc" +%FT%T.%3N+05:30)"
holds "$OUT" 'the same'
: >"$TMP/archive"
archive -c times --since "$utc" --cursor-file "$TMP/times" >>"$TMP/archive"
said 6001 6100 -c times
archive -c times --since "$utc" --cursor-file "$TMP/times" >>"$TMP/archive"
holds "$TMP/archive" 'and with a cursor file the next run goes on'
exits 0 '--since -1h' archive -c times --since -1h
is "$(lines "$OUT")" 6100 'is the last hour'
exits 0 'the last of it' archive -c times --since -1h -n 2
is "$(jq -r .content "$OUT" | paste -sd' ')" '6099 6100' 'are the last'
exits 0 'as one line' chat-listen --no-follow -t history -c times --since "$utc" --history=line
is "$(jq -r '.messages[].content' "$OUT" | cmp - <(seq 3001 6100) 2>&1)" '' 'the older ones are left out'
exits 0 'a time to come' archive -c times --since 2099-01-01T00:00:00Z
is "$(cat "$OUT")" '' 'brings nothing of the past'
exits 64 'a time without an offset' archive --since 2026-11-26T21:00:00
like "$(cat "$ERR")" 'with Z or \+01:00' 'is told what it lacks'
exits 64 'no duration' archive --since -2w
like "$(cat "$ERR")" 'such as' 'is told what one is'

# ---- the disk is full ----
#
# At a write one after the other half of it still goes, then nothing does, neither on stdout nor beside the cursor.

: >"$TMP/said"
said 1 8000 -c full
mkdir "$TMP/disk"
full() {
	LD_PRELOAD=$PRELOAD/disk.so DISK_DIR=$TMP/disk DISK_FAULT="write:$1:0:1,write:$1:28:0" \
		archive -c full --since all --cursor-file "$TMP/disk/cursor" >>"$TMP/disk/archive" 2>"$TMP/full"
}
if ! nm "$BUILD/chat-listen" | grep -qE '__(asan|tsan)_'; then
	statuses=()
	torn=0
	for at in 1 2 3 4 1 2 3 4; do
		full "$at"
		statuses+=($?)
		grep -q 'No space left' "$TMP/full" || diag 'nothing is said'
		[ -z "$(tail -c 1 "$TMP/disk/archive" | tr -d '\n')" ] || torn=$((torn + 1))
	done
	is "$torn" 0 'an archive on a disk that is full ends with a whole line'
	like "${statuses[*]}" '^(7[34] ){7}7[34]$' 'the status says so: 74, or 73 for the cursor file'
	archive -c full --since all --cursor-file "$TMP/disk/cursor" >>"$TMP/disk/archive"
	holds "$TMP/disk/archive" 'and is whole when there is room again: nothing lost, nothing twice'
fi

# A file that may not grow: the cursor still can.
rm -f "$TMP/disk"/*
for kib in 40 290 291 800 1000; do
	(ulimit -f "$kib" && archive -c full --since all --cursor-file "$TMP/disk/cursor" >>"$TMP/disk/archive") 2>"$TMP/full"
done
archive -c full --since all --cursor-file "$TMP/disk/cursor" >>"$TMP/disk/archive"
holds "$TMP/disk/archive" 'an archive that reached a limit goes on there'

# A line that a process left half written, as kill -9 in the middle of a write does.
archive -c full -n 1 --history=flat >"$TMP/archive"
head -c 40 "$TMP/archive" >>"$TMP/disk/archive"
said 8001 8010 -c full
archive -c full --cursor-file "$TMP/disk/cursor" >>"$TMP/disk/archive"
is "$(sed -n 8001p "$TMP/disk/archive")" "$(head -c 40 "$TMP/archive")" 'half a line at the end of the output'
sed -i 8001d "$TMP/disk/archive"
holds "$TMP/disk/archive" 'stands alone, and all others are whole'

# ---- what is missing ----

serve --quiet --history-keep 1000
: >"$TMP/said"
said 1 500
first=$(head -n 1 "$TMP/said")
exits 0 'a run' chat-listen --no-follow --cursor-file "$TMP/gap.cur" --since all -t message
head -n 400 "$TMP/said" | tail -n 1 >"$TMP/seen"
said 501 2500
exits 1 'a run that has to leave a gap does not end with 0' \
	chat-listen --no-follow --since "$(cat "$TMP/seen")" -t message --events
is "$(head -n 1 "$OUT")" "$(printf '{"type":"$gap","after":"%s","before":"%s"}' "$(cat "$TMP/seen")" "$(sed -n 1501p "$TMP/said")")" \
	'and names exactly what is missing'
same <(tail -n +2 "$OUT" | jq -r .id) <(tail -n 1000 "$TMP/said") 'behind which everything comes'
like "$(cat "$ERR")" "missing after $(cat "$TMP/seen") and before $(sed -n 1501p "$TMP/said")\$" 'on stderr, too'
exits 1 'with --until-idle' chat-listen --until-idle 300ms --since "$first" -t message
exits 1 'with --cursor-file' archive --cursor-file "$TMP/gap.cur"
is "$(lines "$OUT")" 1000 'everything comes'
exits 0 'the position is behind it' archive --cursor-file "$TMP/gap.cur"
is "$(cat "$OUT")" '' 'and nothing comes twice'
exits 0 'from the beginning there is no gap' chat-listen --no-follow --since all -t message --events
same <(jq -r .id "$OUT") <(tail -n 1000 "$TMP/said") 'but all that is kept'
exits 0 'by its id, too' chat-listen --no-follow --since 0 -t message --events
is "$(grep -c gap "$OUT")" 0 'there is none'
exits 1 'from a time on that the server does not remember' chat-listen --no-follow --since -1h -t message --events
is "$(head -n 1 "$OUT")" "{\"type\":\"\$gap\",\"after\":\"0\",\"before\":\"$(sed -n 1501p "$TMP/said")\"}" \
	'it is said from where it has'

# ---- servers of other kinds ----

helper previous-server.py "$TMP/others" 400 100
others=$(cat "$TMP/others")

# numbers: of the messages on stdin, as FIRST-LAST:COUNT.
numbers() {
	jq -rs 'map(.content) | "\(.[0])-\(.[-1]):\(length)"'
}

exits 0 'the previous release: after a position' archive -U "$others/previous" --since m00300
is "$(numbers <"$OUT")" 301-399:99 'comes what is behind it'
exits 1 'more than it tells at once is a gap' archive -U "$others/previous" --since m00200 --events
is "$(head -n 1 "$OUT")" '{"type":"$gap","after":"m00200","before":"m00300"}' 'that is told'
is "$(tail -n +2 "$OUT" | numbers)" 300-399:100 'before what it tells'
exits 1 'everything is more than it tells' archive -U "$others/previous" --since all
is "$(numbers <"$OUT")" 300-399:100 'of which it tells the last'
exits 0 'a time, which it does not know' archive -U "$others/previous" --since 2025-01-01T00:06:00Z
is "$(numbers <"$OUT")" 360-399:40 'is found by the listener'
exits 1 'a time before what it tells' archive -U "$others/previous" --since 2025-01-01T00:04:00Z
is "$(numbers <"$OUT")" 300-399:100 'is a gap'
exits 0 'and says so' chat-send -U "$others/previous" -q hello
exits 0 'a plain server: everything' archive -U "$others/plain" --since all
is "$(lines "$OUT")" 100 'is what it tells'
exits 0 'from a time on' archive -U "$others/plain" --since 2025-01-01T00:06:00Z
is "$(numbers <"$OUT")" '360-hello:41' 'is what it tells of that'
exits 1 'from a time on before that' archive -U "$others/plain" --since 2025-01-01T00:01:00Z
exits 0 'a server without a history: everything' archive -U "$others/silent" --since all
exits 1 'from a time on nobody knows' archive -U "$others/silent" --since -2h

# ---- the cursor's file ----

serve --quiet
chat-send -q hello
# shellcheck disable=SC2016
exits 0 'a file of a name that could be guessed' bash -c 'echo mine >"$0.$$.new" && echo $$ >"$0.pid" &&
	exec chat-listen --no-follow --cursor-file "$0"' "$TMP/guessed"
is "$(cat "$TMP/guessed.$(cat "$TMP/guessed.pid").new")" mine 'is let alone'
is "$(find "$TMP" -maxdepth 1 -name 'guessed.*.new' | wc -l)" 1 'and nothing of ours stays'

# ---- opens that block ----

mkfifo "$TMP/fifo"
# ended SIGNAL NAME COMMAND…: it waits for the FIFO, and that signal ends it.
ended() {
	local signal=$1 name=$2
	shift 2
	spawn "$@" </dev/null >"$OUT" 2>"$ERR"
	wait_for "grep -q '^chat-' /proc/$!/comm && grep -q '^State:.*sleeping' /proc/$!/status"
	kill "-$signal" "$!"
	ends "$!" $((128 + $(kill -l "$signal"))) "SIG$signal ends $name"
}

for signal in INT TERM; do
	ended "$signal" 'chat-listen --cursor-file FIFO' chat-listen --cursor-file "$TMP/fifo"
	ended "$signal" 'chat-listen --from-log FIFO' chat-listen --from-log "$TMP/fifo"
	ended "$signal" 'chat-send --file FIFO' chat-send -f "$TMP/fifo"
	ended "$signal" 'chat-send --replay FIFO' chat-send --replay "$TMP/fifo"
	for option in --token-file --cacert --cert --key; do
		more=()
		[ "$option" != --key ] || more=(--cert "$0")
		ended "$signal" "chat-listen $option FIFO" chat-listen -U wss://127.0.0.1:1/ "$option" "$TMP/fifo" "${more[@]}"
		ended "$signal" "chat-send $option FIFO" chat-send -U wss://127.0.0.1:1/ "$option" "$TMP/fifo" "${more[@]}" hi
	done
done

done_testing
