#!/bin/bash
#
# chat-send shows on a terminal how far a large file has been sent over a slow network.

. tests/lib.sh

serve --history 50
port=${CHAT_URL##*:}
head -c 700000 /dev/urandom >"$TMP/holiday.bin"
helper slow-relay.py "$TMP/proxy" --to "${port%/}"

# on_terminal FILE ARGUMENT…: chat-send with a terminal as stderr, which ends up in FILE.
on_terminal() {
	local drawn=$1
	shift
	/usr/bin/python3 - "$@" >"$drawn" <<'END'
import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.Popen(["chat-send", *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
drawn = b""
try:
    while piece := os.read(master, 4096):
        drawn += piece
except OSError:
    pass
sys.stdout.buffer.write(drawn)
sys.exit(child.wait())
END
}

slow=ws://127.0.0.1:$(cat "$TMP/proxy")/
on_terminal "$TMP/drawn" -U "$slow" -f "$TMP/holiday.bin"
is $? 0 'a file goes over a slow network'
tr '\r' '\n' <"$TMP/drawn" >"$TMP/bars"
like "$(cat "$TMP/bars")" 'holiday\.bin \[#* *\] +[0-9]+% [0-9.]+ MB/s' 'a terminal shows how far it is'
grep -oE ' [0-9]+%' "$TMP/bars" | tr -d ' %' | sort -nC
ok 'it goes forward, never back'
like "$(tail -c 4 "$TMP/drawn" | od -An -c | tr -d ' ')" '033\[K$' 'and leaves the line clean'
on_terminal "$TMP/drawn" -U "$slow" -q -f "$TMP/holiday.bin"
is "$(cat "$TMP/drawn")" '' 'not with --quiet'
on_terminal "$TMP/drawn" -f "$TMP/holiday.bin"
is "$(cat "$TMP/drawn")" '' 'nor where it is done within a second'
exits 0 'no terminal' chat-send -U "$slow" -f "$TMP/holiday.bin"
is "$(cat "$ERR")" '' 'no bar'

done_testing
