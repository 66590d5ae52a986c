#!/bin/bash
#
# Servers that mean harm. Whatever they say or keep to themselves, a client takes little memory,
# ends with a status of the table, is gone within 3 s after SIGTERM, and obeys no control character.

LIMIT=100
. tests/lib.sh

spawn node tests/interop/odd-server.js >"$TMP/odd"
wait_for '[ -s "$TMP/odd" ]'
odd=$(<"$TMP/odd")
odd=${odd%/}

# With a sanitizer the memory is the sanitizer's.
memory_kib=65536
nm -D "$BUILD/chat-listen" 2>/dev/null | grep -qE '__(asan|tsan)_' && memory_kib=$((1 << 30))

# meet NUMBER CLIENT PATH: leaves in $TMP/NUMBER its peak of memory, the status it ended with by
# itself within a second or two or "stays", and that after SIGTERM.
meet() {
	local base=$TMP/$1 client=$2 url=$odd$3 pid status=stays since
	case $client in
	listen) set -- chat-listen -U "$url" --no-reconnect --events ;;
	human) set -- chat-listen -U "$url" --no-reconnect --human --color always ;;
	send) set -- chat-send -U "$url" --retry-for 0 hello ;;
	esac
	"$@" >"$base.out" 2>"$base.err" &
	pid=$!
	since=$SECONDS
	while alive "$pid" && [ "$((SECONDS - since))" -lt "$((2 * slowness))" ]; do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" >>"$base.memory" 2>/dev/null
		read -r -t 0.1 <>"$TMP/never"
	done
	if alive "$pid"; then
		kill -TERM "$pid"
		since=$SECONDS
		while alive "$pid" && [ "$((SECONDS - since))" -le "$((3 * slowness))" ]; do
			read -r -t 0.05 <>"$TMP/never"
		done
		alive "$pid" && kill -KILL "$pid" && status=stuck
		wait "$pid"
		status+=-$?
	else
		wait "$pid"
		status=$?
	fi
	head -c 1000000 "$base.out" >"$base.head"
	rm -f "$base.out"
	echo "$status" >"$base.status"
}

wait_for_clients() {
	local pids
	mapfile -t pids < <(jobs -p | grep -vxF "${spawned[0]}")
	wait "${pids[@]}"
}

# client, path, the statuses that are right (a flood of errors may end first: 1): stays until it is told to go, and then by that signal; 2
# beside another where the message may have left before the end was noticed.
cat >"$TMP/table" <<'END'
listen /x/joined-nothing stays
send /x/nothing stays
listen /x/joined-garbage 76
send /x/garbage 76
listen /x/joined-masked 76
send /x/masked 76
listen /x/joined-rsv-1 76
send /x/rsv-1 76
listen /x/joined-rsv-2 76
send /x/rsv-2 76
listen /x/joined-rsv-3 76
send /x/rsv-3 76
listen /x/joined-opcode-3 76
send /x/opcode-3 76
listen /x/joined-opcode-b 76
send /x/opcode-b 76
listen /x/joined-binary 76
send /x/binary 76
listen /x/joined-huge-length 76
send /x/huge-length 76
listen /x/joined-huge-ping 76
send /x/huge-ping 76
listen /x/joined-long-ping 76
send /x/long-ping 76
listen /x/joined-parted-ping 76
send /x/parted-ping 76
listen /x/joined-lone-continuation 76
send /x/lone-continuation 76
listen /x/joined-text-in-text 76
send /x/text-in-text 76
listen /x/joined-half-header stays
send /x/half-header stays
listen /x/joined-half-frame stays
send /x/half-frame stays
listen /x/joined-not-utf8 76
send /x/not-utf8 76
listen /x/joined-one-byte-close 76
send /x/one-byte-close 76
listen /x/joined-close-not-utf8 76
send /x/close-not-utf8 76
listen /x/joined-close-1005 76
send /x/close-1005 76
listen /x/joined-bad-json 76
send /x/bad-json 76
listen /x/joined-no-json 76
send /x/no-json 76
listen /x/joined-deep-json 76
send /x/deep-json 76
listen /x/joined-not-an-object stays
send /x/not-an-object stays
listen /x/joined-no-type stays
send /x/no-type stays
listen /x/joined-wrong-types stays
send /x/wrong-types stays
listen /x/joined-wrong-users stays
send /x/wrong-users stays
listen /x/joined-wrong-history stays
send /x/wrong-history stays
listen /x/joined-error-of-nothing stays
send /x/error-of-nothing stays
listen /x/joined-escapes-in-close 77
send /x/escapes-in-close 77
listen /x/joined-escapes-everywhere stays
send /x/escapes-everywhere stays
human /x/escapes-everywhere stays
human /x/escapes-in-close 77
human /x/joined-escapes-everywhere stays
human /x/joined-wrong-types stays
human /x/joined-error-of-nothing stays
listen /x/ended-nothing 69
send /x/ended-nothing 2|69
listen /x/ended-half-frame 69
send /x/ended-half-frame 2|69
listen /x/ended-half-header 69
send /x/ended-half-header 2|69
listen /x/flood-pings stays
send /x/flood-pings stays
listen /x/flood-pongs stays
send /x/flood-pongs stays
listen /x/flood-empty-texts 76
send /x/flood-empty-texts 2|76
listen /x/flood-bad-texts stays
send /x/flood-bad-texts stays
listen /x/flood-messages stays
send /x/flood-messages stays
listen /x/flood-long-messages stays
send /x/flood-long-messages stays
listen /x/flood-errors stays
send /x/flood-errors 1|stays
listen /x/flood-histories stays
send /x/flood-histories stays
listen /x/flood-fragments 76
send /x/flood-fragments 2|76
listen /x/flood-empty-fragments stays
send /x/flood-empty-fragments stays
listen /silent stays
send /silent stays
listen /garbage 76
send /garbage 76
listen /end 69
send /end 69
listen /reset 69
send /reset 69
listen /long-head 76
send /long-head 76
listen /wrong-accept 76
send /wrong-accept 76
listen /404 76
send /404 76
listen /401 77
send /401 77
listen /503 75
send /503 75
listen /x/endless-head 76
send /x/endless-head 76
listen /x/endless-body 76
send /x/endless-body 76
listen /x/drip stays
send /x/drip stays
listen /reset-later 69
send /reset-later 69
listen /cut-on-close stays
send /cut-on-close stays
END

number=0
while read -r client path want; do
	number=$((number + 1))
	meet "$number" "$client" "$path" 2>/dev/null &
	[ "$((number % 16))" -ne 0 ] || wait_for_clients
done <"$TMP/table"
wait_for_clients

number=0
while read -r client path want; do
	number=$((number + 1))
	base=$TMP/$number
	like "$(<"$base.status")" "^(${want//stays/stays-143})\$" "$client $path: ${want}" ||
		diag "$(head -c 500 "$base.err")"
	peak=$(sort -n "$base.memory" 2>/dev/null | tail -n 1)
	[ "${peak:-0}" -lt "$memory_kib" ]
	ok "$client $path: ${peak:-0} KiB"
	cat "$base.err" >"$base.seen"
	[ "$client" != human ] || cat "$base.head" >>"$base.seen"
	# Colours are ours: SGR sequences go, any other control character stays and is found.
	sed 's/\x1b\[[0-9;]*m//g' "$base.seen" | LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae'
	not_ok "$client $path: no control character on the terminal"
done <"$TMP/table"

done_testing
