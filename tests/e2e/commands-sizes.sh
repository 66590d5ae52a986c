#!/bin/bash
#
# A size on a command line is used as it is, or refused where an address has too few bits for it; none is cut.

. tests/lib.sh

# used_or_refused NAME COMMAND…: passes if it ends with 0, or with 64 and says that the size is too large.
used_or_refused() {
	local name=$1 got
	shift
	"$@" >"$OUT" 2>"$ERR"
	got=$?
	[ "$got" -eq 0 ] || { [ "$got" -eq 64 ] && grep -q 'too large, the most is ' "$ERR"; }
	ok "$name" || diag "exit status $got: $(cat "$OUT" "$ERR")"
}

# Cut to 32 bits, each of these is 1 or 0.
for size in 4294967297 4G 1024G; do
	echo '{"type":"text","text":"hi"}' |
		used_or_refused "chat-validate --max-line $size" chat-validate --from client --max-line "$size"
done

for option in history-memory nonce-memory queue-total receive-total unsynced-total; do
	journal=
	[ "$option" != unsynced-total ] || journal=--journal=$TMP/journal
	chat-serve --"$option" 1024G ${journal:+"$journal"} --listen nowhere:0:0 >"$OUT" 2>"$ERR"
	if grep -q "^chat-serve: --$option '1024G': too large" "$ERR"; then
		serve --"$option" 1G ${journal:+"$journal"}
	else
		serve --"$option" 1024G ${journal:+"$journal"}
	fi
	exits 0 "chat-serve --$option with the most that it takes: a message passes" chat-send hello
	stop "$SERVE_PID"
done

truncate -s 3G "$TMP/large"
exits 66 'a file of 3 GiB' chat-send -U ws://127.0.0.1:1/ -f "$TMP/large"
like "$(cat "$ERR")" 'larger than any message' 'is opened, and too large'

done_testing
