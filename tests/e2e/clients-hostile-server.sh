#!/bin/bash
#
# Hostile servers. Whatever they send or hold back, a client takes little memory, ends with a status of
# the table of exit statuses, ends within 3 s after SIGTERM, and prints no control character of theirs.

LIMIT=100
. tests/lib.sh

helper odd-server.js "$TMP/odd"
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

# Each row: client, path, and what has happened, in the words of the EXIT STATUS table of the manual
# page, from which the number comes:
#
#	broke    no HTTP, no WebSocket, no JSON: whatever the bytes are, no such server keeps the protocol
#	lost     the connection ended without a Close and is not made again
#	unknown  and chat-send, once it was let in, may have said its message by then; or it had not
#	refused  401, or a Close 1008
#	later    503
#	no       an error after the message was said, from a server whose errors name no message
#	waits    nothing that ends anything: silence, half a frame, control frames, or JSON that is not
#	         known here, which is passed on. It stays until SIGTERM, and ends by that
declare -A sentences=(
	[broke]='the peer broke the protocol'
	[lost]='cannot connect, or the connection was lost and not recovered'
	[unknown]='some messages may or may not have been accepted'
	[refused]='refused: token, name or TLS verification; trying again is useless'
	[later]='the server says try later'
	[no]='it ran, and the answer is no: a message was refused, a line is invalid, messages are missing'
)

# status_of WORD|WORD: an expression for the statuses that these words stand for.
status_of() {
	local word statuses=()
	for word in ${1//|/ }; do
		if [ "$word" = waits ]; then
			statuses+=("stays-$((128 + $(kill -l TERM)))")
		else
			grep -qxF "${sentences[$word]}" man/chat-listen.1 || echo "# no such sentence: ${sentences[$word]}" >&2
			statuses+=("$(grep -xF -B 1 "${sentences[$word]}" man/chat-listen.1 | sed -n 's/^\.It //p')")
		fi
	done
	(IFS='|' && echo "${statuses[*]}")
}

cat >"$TMP/table" <<'END'
listen /x/joined-nothing waits
send /x/nothing waits
listen /x/joined-garbage broke
send /x/garbage broke
listen /x/joined-masked broke
send /x/masked broke
listen /x/joined-rsv-1 broke
send /x/rsv-1 broke
listen /x/joined-rsv-2 broke
send /x/rsv-2 broke
listen /x/joined-rsv-3 broke
send /x/rsv-3 broke
listen /x/joined-opcode-3 broke
send /x/opcode-3 broke
listen /x/joined-opcode-b broke
send /x/opcode-b broke
listen /x/joined-binary broke
send /x/binary broke
listen /x/joined-huge-length broke
send /x/huge-length broke
listen /x/joined-huge-ping broke
send /x/huge-ping broke
listen /x/joined-long-ping broke
send /x/long-ping broke
listen /x/joined-parted-ping broke
send /x/parted-ping broke
listen /x/joined-lone-continuation broke
send /x/lone-continuation broke
listen /x/joined-text-in-text broke
send /x/text-in-text broke
listen /x/joined-half-header waits
send /x/half-header waits
listen /x/joined-half-frame waits
send /x/half-frame waits
listen /x/joined-not-utf8 broke
send /x/not-utf8 broke
listen /x/joined-one-byte-close broke
send /x/one-byte-close broke
listen /x/joined-close-not-utf8 broke
send /x/close-not-utf8 broke
listen /x/joined-close-1005 broke
send /x/close-1005 broke
listen /x/joined-bad-json broke
send /x/bad-json broke
listen /x/joined-nul-byte broke
send /x/nul-byte broke
listen /x/joined-half-pair waits
send /x/half-pair waits
listen /x/joined-half-pair-in-bad-json broke
send /x/half-pair-in-bad-json broke
listen /x/joined-no-json broke
send /x/no-json broke
listen /x/joined-deep-json broke
send /x/deep-json broke
listen /x/joined-not-an-object waits
send /x/not-an-object waits
listen /x/joined-no-type waits
send /x/no-type waits
listen /x/joined-wrong-types waits
send /x/wrong-types waits
listen /x/joined-wrong-users waits
send /x/wrong-users waits
listen /x/joined-wrong-history waits
send /x/wrong-history waits
listen /x/joined-error-of-nothing waits
send /x/error-of-nothing waits
listen /x/joined-escapes-in-close refused
send /x/escapes-in-close refused
listen /x/joined-escapes-everywhere waits
send /x/escapes-everywhere waits
human /x/escapes-everywhere waits
human /x/escapes-in-close refused
human /x/joined-escapes-everywhere waits
human /x/joined-wrong-types waits
human /x/joined-error-of-nothing waits
listen /x/ended-nothing lost
send /x/ended-nothing unknown|lost
listen /x/ended-half-frame lost
send /x/ended-half-frame unknown|lost
listen /x/ended-half-header lost
send /x/ended-half-header unknown|lost
listen /x/flood-pings waits
send /x/flood-pings waits
listen /x/flood-pongs waits
send /x/flood-pongs waits
listen /x/flood-empty-texts broke
send /x/flood-empty-texts unknown|broke
listen /x/flood-bad-texts waits
send /x/flood-bad-texts waits
listen /x/flood-messages waits
send /x/flood-messages waits
listen /x/flood-long-messages waits
send /x/flood-long-messages waits
listen /x/flood-errors waits
send /x/flood-errors no|waits
listen /x/flood-histories waits
send /x/flood-histories waits
listen /x/flood-fragments broke
send /x/flood-fragments unknown|broke
listen /x/flood-empty-fragments waits
send /x/flood-empty-fragments waits
listen /silent waits
send /silent waits
listen /garbage broke
send /garbage broke
listen /end lost
send /end lost
listen /reset lost
send /reset lost
listen /long-head broke
send /long-head broke
listen /wrong-accept broke
send /wrong-accept broke
listen /404 broke
send /404 broke
listen /401 refused
send /401 refused
listen /503 later
send /503 later
listen /x/endless-head broke
send /x/endless-head broke
listen /x/endless-body broke
send /x/endless-body broke
listen /x/drip waits
send /x/drip waits
listen /reset-later lost
send /reset-later lost
listen /cut-on-close waits
send /cut-on-close unknown|waits
END

# ---- names that look like others ----

exits 0 'names with invisible characters' chat-listen -U "$odd/x/invisible-names" --human --no-reconnect -C 4
is "$(sed '/^---/d; s/^[0-9:]* //' "$OUT")" '* here: <al\u200bice>
<alice\ufe0f> hi ❤️
* <bob\U000e0061> is here
<\u2800\u2800\u2800> c' 'show that they hide something'

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
	like "$(<"$base.status")" "^($(status_of "$want"))\$" "$client $path: ${want/|/ or }" ||
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
