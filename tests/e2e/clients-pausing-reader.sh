#!/bin/bash
#
# The reader of a client's stdout pauses. chat-listen and chat-send stop reading from the server
# meanwhile, and go on when the reader does.
#
# CHAT_TEST_FULL=1: 60,000 messages, and eight pauses of 1 to 3 s.

LIMIT=60 FULL_LIMIT=600
. tests/lib.sh

serve --queue 256M --queue-total 1G -q
reader=tests/helpers/pausing-reader.py

# here NAME: the user is in the channel.
here() {
	chat-listen --hidden -u counter -c "$2" --no-follow -t userData | grep -q "\"$1\""
}

# texts N: so many lines of 900 characters, each with its number.
texts() {
	seq -f "%.0f $(printf '%0900d' 0)" "$1"
}

# rests PID: it sleeps, and was not awake for a fifth of a second.
rests() {
	local before now
	before=$(grep -E '^(State|voluntary)' "/proc/$1/status")
	for _ in {1..10}; do pause; done
	now=$(grep -E '^(State|voluntary)' "/proc/$1/status")
	[[ $now = "$before" && $now = *sleeping* ]]
}

# numbers FILE: what the messages in it begin with, as one list to compare.
numbers() {
	grep -o '"content":"[0-9]*' "$1" | cut -c 12-
}

# ---- all that was held back goes at once ----
#
# A connection takes megabytes at once where a pipe takes few kilobytes. The writer is stopped while
# its reader drains what there is: then all that it holds goes in one turn.

# hold_back NAME COMMAND…: a spawned command whose reader reads nothing; sets $writer, $held and $words.
hold_back() {
	local name=$1
	shift
	held=$TMP/$name.held words=$TMP/$name.words
	mkfifo "$words"
	exec 7<>"$words"
	spawn python3 "$reader" words "$held" <"$words" >"$TMP/$name.reader" 7>&-
	wait_for "[ -s '$TMP/$name.reader' ]"
	spawn "$@" >"/dev/tcp/127.0.0.1/$(head -n 1 "$TMP/$name.reader")" 7>&-
	writer=$!
}

# drain NAME: the writer is stopped, its reader reads all there is, and both go on.
drain() {
	kill -STOP "$writer"
	wait_for "grep -q '^State:.*stopped' /proc/$writer/status"
	echo drain >&7
	wait_for "grep -q dry '$TMP/$1.reader'"
	echo follow >&7
	kill -CONT "$writer"
}

hold_back listen chat-listen -c held -u hearer -t message -C 20000
wait_for 'here hearer held'
texts 20000 | chat-send -c held -u alice -lq
wait_for "rests $writer"
ok 'chat-listen waits for a reader that pauses'
[ "$(lines "$held")" -lt 15000 ]
ok 'and holds messages back'
drain listen
ends "$writer" 0 'all that it holds goes at once, and what the server holds comes after it' 20
is "$(numbers "$held" | cmp - <(seq 20000) 2>&1)" '' 'each message, in order, once'

texts 20000 >"$TMP/texts"
hold_back send bash -c 'exec chat-send -c said -u alice -l <"$0"' "$TMP/texts"
wait_for "rests $writer"
ok 'chat-send waits for a reader that pauses'
drain send
ends "$writer" 0 'and goes on with it' 20
is "$(numbers "$held" | cmp - <(seq 20000) 2>&1)" '' 'with a receipt for each, in order'

# ---- a reader that pauses at random ----
#
# With a journal the server may drop it, with its limits as they are: what it missed comes then, at
# its speed.

serve --journal "$TMP/journal" -q

# pausing SEED LINES SHORTEST LONGEST: all of so many lines come through such a reader.
pausing() {
	local out=$TMP/paused.$1 channel=paused-$1
	spawn bash -c "set -o pipefail; chat-listen -c '$channel' -u hearer -t message -C $2 2>'$TMP/hearer.$1' |
		python3 '$reader' pauses $1 6 $3 $4 $2 >'$out'"
	listener=$!
	wait_for "here hearer '$channel'"
	texts "$2" | chat-send -c "$channel" -u alice -lq
	ends "$listener" 0 "reader $1 that pauses gets to the end" 60
	is "$(numbers "$out" | cmp - <(seq "$2") 2>&1)" '' 'with each message, in order, once'
	is "$(cat "$TMP/hearer.$1")" '' 'and nothing may be missing'
	rm "$out"
}

for seed in 1 2 3 4 5 6 7 8; do
	if [ -n "$full" ]; then
		pausing "$seed" 60000 1 3
	elif [ "$seed" -le 2 ]; then
		pausing "$seed" 15000 0.05 0.3
	fi
done

# ---- a command of --exec that says much at once ----

exits 0 'a command that says 3,000 lines at once' timeout 20 chat-listen -c much -u talker --exec \
	sh -c 'seq 3000 | sed "s/.*/{\"text\":\"&\"}/"'
is "$(chat-listen -c much --no-follow --history=flat -n 1 -t message | jq -r .content)" 3000 'is heard to its end'

# ---- who is gone is noticed ----

python3 - "$BUILD/chat-listen" "$CHAT_URL" <<'END'
import os, select, socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "-U", sys.argv[2], "-t", "error"], stdout=theirs)
theirs.close()
pidfd = os.pidfd_open(child.pid)
ours.close()
gone = bool(select.select([pidfd], [], [], 10)[0])
child.kill()
sys.exit(0 if gone and child.wait() == -13 else 1)
END
ok 'the reader at the other end of a socket is gone: that is noticed while nothing comes'

done_testing
