#!/bin/bash
#
# An attacker controls chat-validate or chat-listen --save-files through a log or a file
# (tests/preload/escape.c plays the attacker): nothing outside of the sandbox can be read or changed.

. tests/lib.sh

nm "$BUILD/chat-validate" | grep -qE '__(asan|tsan)_' && skip_all 'a sanitizer comes before what is preloaded'
grep -q landlock /proc/kallsyms || skip_all 'this kernel has no Landlock'
mkdir "$TMP/home" && cd "$TMP/home" || exit 1
escape=$PRELOAD/escape.so

outcome() {
	sed -n "s/^escape: $1: //p" "$ERR"
}

is_what_it_was() {
	is "$(cat treasure)" gold "$1: the treasure is where it was"
	is "$(ls)" treasure "$1: and nothing else is there"
}

echo gold >treasure
printf '{"type":"text","text":"hi"}\n' |
	LD_PRELOAD=$escape CHAT_TEST_ESCAPE_AT=read exits 0 'chat-validate checks a log' chat-validate
is "$(outcome 'read a file')" 'done' 'chat-validate reads'
for what in 'make a file' 'remove a file' 'make a directory'; do
	is "$(outcome "$what")" EACCES "chat-validate does not $what"
done
is_what_it_was chat-validate

serve --history 10
spawn env LD_PRELOAD="$escape" CHAT_TEST_ESCAPE_AT=poll chat-listen -C 1 -t message --save-files "$TMP/inbox" \
	--cursor-file "$TMP/cursor/file" >"$TMP/heard" 2>"$ERR"
ends "$!" 73 'a cursor file in no directory is an error, walls or not'
mkdir "$TMP/cursor"
spawn env LD_PRELOAD="$escape" CHAT_TEST_ESCAPE_AT=poll chat-listen -u taker -C 1 -t message \
	--save-files "$TMP/inbox" --cursor-file "$TMP/cursor/file" >"$TMP/heard" 2>"$TMP/listen.err"
listener=$!
wait_for 'grep -q taker "$SERVE_OUT"'
exits 0 'a file is sent' chat-send -q -f treasure
ends "$listener" 0 'chat-listen saves it'
same treasure "$TMP/inbox/treasure" 'as it was'
[ -s "$TMP/cursor/file" ]
ok 'and notes where it is'
cp "$TMP/listen.err" "$ERR"
for what in 'make a file' 'remove a file' 'make a directory'; do
	is "$(outcome "$what")" EACCES "chat-listen does not $what elsewhere"
done
is_what_it_was chat-listen

cd "$TOP" || exit 1
done_testing
