#!/bin/bash
#
# An attacker controls chat-serve (tests/preload/escape.c plays the attacker): nothing outside of the
# sandbox can be read or changed.

. tests/lib.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'under a sanitizer there are no walls'
vault=$TMP.vault # not below the URL file, which the server may remove
AT_EXIT='rm -rf "$vault"'
mkdir "$vault" && cd "$vault" || exit 1
echo gold >treasure

# taken_over NAME ARGUMENT…: a server that tries to escape when somebody connects; $SERVE_ERR tells.
taken_over() {
	LD_PRELOAD=$PRELOAD/escape.so CHAT_TEST_ESCAPE_AT=accept4 CHAT_TEST_ESCAPE=$1 serve "${@:2}"
}

outcome() {
	sed -n "s/^escape: $1: //p" "$SERVE_ERR"
}

refused() {
	like "$(outcome "$1")" "^($2)\$" "refused: $1"
}

# Two sockets for datagrams: one that is told of the server's state, and one that nobody is to reach.
spawn /usr/bin/python3 -c 'import select, socket, sys
ends = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
for end, path in zip(ends, ("state.socket", "loot.socket")):
    end.bind(path)
print("bound", flush=True)
while True:
    for end in select.select(ends, [], [])[0]:
        print(end.getsockname(), end.recv(100), flush=True)' >"$TMP/datagrams"
wait_for '[ -s "$TMP/datagrams" ]'

NOTIFY_SOCKET=$vault/state.socket taken_over all --journal "$TMP/journal" --metrics "unix:$TMP/metrics" --stdin
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
is "$(outcome 'find a datagram socket')" 'done' 'it has the socket of its state'
for what in 'become another' 'change a mode' 'kill another' \
	'send to a socket' 'send a message to a socket' 'connect to a socket' 'open a unix socket' \
	'make a pair of sockets' 'make a ring' 'change a ring' \
	"signal another's thread" 'signal a thread' 'queue a signal' 'hold another process' \
	"own a file's signals" "choose a file's signal" 'type into the terminal' \
	'fork' 'fork into a namespace' 'fork by clone3' 'leave a namespace' \
	"read another's limit" 'set its limit' 'be dumped' 'see its personality' \
	'run what was written' 'write what can be run' 'have more code' 'have a file in memory' \
	'make a set-user-ID file' 'make a set-group-ID file' 'make a set-group-ID directory' \
	'set a set-user-ID bit'; do
	refused "$what" ENOSYS
done
for what in 'make a pipe' 'signal itself' 'read its limit' 'have memory'; do
	is "$(outcome "$what")" 'done' "what serving takes can be done: $what"
done
is "$(cat treasure)" gold 'the treasure is where it was'
status=$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/$SERVE_PID/status" | tr -d '\t' | paste -sd' ')
is "$status" 'NoNewPrivs:1 Seccomp:2' 'no new privileges, a filter of system calls'
is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$SERVE_PID/limits")" '0 0' 'no core'
is "$(grep -L 'Seccomp:.2' "/proc/$SERVE_PID/task/"*/status)" '' 'and so for every thread'
exits 0 'the journal is kept' chat-send -q again
is "$(jq -r 'select(.content).content' "$TMP/journal"/*.ndjson | paste -sd' ')" 'hello again' 'in its directory'

kill -HUP "$SERVE_PID"
wait_for 'grep -q RELOADING=1 "$TMP/datagrams"'
ok 'its state is still said'
stop "$SERVE_PID"
is "$(grep -c STOPPING=1 "$TMP/datagrams")" 1 'to its end'
is "$(grep loot "$TMP/datagrams")" '' 'and nothing to anybody else'

for call in execve ptrace process_vm_readv; do
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
else
	skip 'a server that becomes another user' 'only root becomes another user'
fi
exits 64 'a user that is none' chat-serve -l 127.0.0.1:0 --user no-such-user

cd "$TOP" || exit 1
done_testing
