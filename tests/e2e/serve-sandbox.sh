#!/bin/bash
#
# Somebody has taken chat-serve over (tests/preload/escape.c): what can be done from within.

. tests/lib.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'under a sanitizer there are no walls'
vault=$TMP.vault # not below the URL file, which the server may remove
trap 'rm -rf "$vault"; clean_up' EXIT
mkdir "$vault" && cd "$vault" || exit 1
echo gold >treasure

# taken_over NAME ARGUMENT…: a server that tries to escape when somebody connects; $SERVE_ERR tells.
taken_over() {
	LD_PRELOAD=$BUILD/tests/preload/escape.so CHAT_TEST_ESCAPE_AT=accept4 CHAT_TEST_ESCAPE=$1 serve "${@:2}"
}

outcome() {
	sed -n "s/^escape: $1: //p" "$SERVE_ERR"
}

refused() {
	like "$(outcome "$1")" "^($2)\$" "refused: $1"
}

taken_over all --journal "$TMP/journal"
exits 0 'a server within walls' chat-send hello
if grep -q landlock /proc/kallsyms; then
	refused 'read a file' EACCES
	refused 'read a directory' EACCES
	refused 'make a file' EACCES
	refused 'remove a file' EACCES
	refused 'move a file' 'EACCES|EXDEV'
fi
refused 'make a directory' 'EACCES|ENOSYS'
refused 'open a socket' ENOSYS
refused 'become another' ENOSYS
refused 'change a mode' ENOSYS
refused 'kill another' ENOSYS
is "$(outcome 'make a pipe')" 'done' 'what serving takes can be done'
is "$(cat treasure)" gold 'the treasure is where it was'
status=$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/$SERVE_PID/status" | tr -d '\t' | paste -sd' ')
is "$status" 'NoNewPrivs:1 Seccomp:2' 'no new privileges, a filter of system calls'
is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$SERVE_PID/limits")" '0 0' 'no core'
is "$(grep -L 'Seccomp:.2' "/proc/$SERVE_PID/task/"*/status)" '' 'and so for every thread'
exits 0 'the journal is kept' chat-send -q again
is "$(jq -r 'select(.content).content' "$TMP/journal"/*.ndjson | paste -sd' ')" 'hello again' 'in its directory'

for call in execve ptrace; do
	taken_over "$call"
	chat-send --retry-for 0s hello >"$OUT" 2>"$ERR"
	ends "$SERVE_PID" 159 "$call ends the process by SIGSYS"
done

taken_over all --no-sandbox
exits 0 'without walls' chat-send hello
is "$(outcome 'read a file')" 'done' '--no-sandbox can read files'
is "$(outcome 'make a file')" 'done' 'and make some'
is "$(grep -E '^Seccomp:' "/proc/$SERVE_PID/status" | tr -d '\t')" 'Seccomp:0' 'and has no filter'

# ---- another user ----

if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 777 "$TMP/theirs"
	chmod 711 "$TMP"
	serve --user nobody --journal "$TMP/theirs/journal"
	is "$(stat -c %U "$TMP/theirs/journal")" nobody 'a journal belongs to the user that root becomes'
	uid=$(id -u nobody) gid=$(id -g nobody)
	is "$(awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }' "/proc/$SERVE_PID/status" | paste -sd' ')" \
		"$uid $uid $uid $uid $gid $gid $gid $gid" 'wholly'
	exits 0 'and it serves' chat-send hello
	stop "$SERVE_PID"
fi
exits 64 'a user that is none' chat-serve -l 127.0.0.1:0 --user no-such-user

cd "$TOP" || exit 1
done_testing
