#!/bin/bash
#
# The server is killed in the middle of 20,000 lines and another one takes its port. What chat-send
# reports of each line agrees with what the two servers had accepted.
#
# There are two ways: the server is killed at work, or it is stopped first and then killed with bytes in
# its socket that it never reads, so that something was certainly in flight.

LIMIT=200
. tests/lib.sh

seq 20000 | sed 's/.*/line &/' >"$TMP/lines"

# unread: the server's end of a connection holds bytes that it has not read.
unread() {
	awk -v port="$(printf ':%04X$' "$port")" \
		'$2 ~ port && $4 == "01" { split($5, queue, ":"); if (queue[2] !~ /^0+$/) found = 1 }
		END { exit !found }' /proc/net/tcp
}

# contents FILE…: the texts of the messages in what a server that was killed left, a torn line or not.
contents() {
	cat "$@" | jq -rR 'fromjson? | select(.type == "message") | .content'
}

# restart_under HOW ARGUMENT…: chat-serve with these arguments is killed (at-work, stopped) and
# started again while chat-send speaks; its receipts and its status are in $TMP/receipts and status.
restart_under() {
	local how=$1 sender
	shift
	serve "$@"
	first_out=$SERVE_OUT
	port=${CHAT_URL##*:}
	port=${port%/}
	rm -f "$TMP/input" "$TMP/status"
	mkfifo "$TMP/input"
	spawn bash -c 'chat-send -l --retry-for 20s <"$0" >"$1" 2>"$2"; echo $? >"$3"' \
		"$TMP/input" "$TMP/receipts" "$TMP/said" "$TMP/status"
	sender=$!
	exec 8>"$TMP/input"
	head -n 8000 "$TMP/lines" >&8
	wait_for '[ "$(contents "$first_out" | wc -l)" -eq 8000 ]'
	if [ "$how" = stopped ]; then
		kill -STOP "$SERVE_PID"
		tail -n +8001 "$TMP/lines" >&8 &
		exec 8>&-
		wait_for unread
	else
		tail -n +8001 "$TMP/lines" >&8 &
		exec 8>&-
		until [ "$(lines "$first_out")" -gt 8200 ]; do :; done
	fi
	slay "$SERVE_PID"
	serve_at "127.0.0.1:$port" "$@"
	wait_for '[ -s "$TMP/status" ]' 60
	ok "$how: chat-send ends"
	wait "$sender"
	forget "$sender"
	jq -r '[.line // .content, .type] | join(" ")' "$TMP/receipts" | sed 's/^line //' >"$TMP/table"
	awk '{ print $1 }' "$TMP/table" | cmp - <(seq 20000)
	ok "$how: each line has its receipt, in order"
	awk '$2 == "message" { print "line " $1 }' "$TMP/table" | sort >"$TMP/accepted"
}

for how in at-work stopped; do
	restart_under "$how"
	stop "$SERVE_PID"
	contents "$first_out" "$SERVE_OUT" | sort >"$TMP/had"
	is "$(uniq -d "$TMP/had")" '' "$how: no line was accepted twice"
	# A server delivers and then prints, turn by turn: the last turn of one that is killed may be
	# delivered and not printed. That is at most what may be in flight, right after what it printed.
	printed=$(contents "$first_out" | tail -n 1)
	comm -23 "$TMP/accepted" "$TMP/had" | sed 's/line //' | sort -n |
		awk -v at="${printed#line }" '$1 != ++at || NR > 256' >"$TMP/not-had"
	is "$(cat "$TMP/not-had")" '' "$how: a server had each that is said to be accepted"
	awk '{ print $2 }' "$TMP/table" | sort | uniq -c >"$TMP/counts"
	unlike "$(cat "$TMP/counts")" 'error|unsent|passed' "$how: the others are unknown, none is unsent"
	unknown=$(grep -c unknown "$TMP/table")
	is "$(cat "$TMP/status")" "$((unknown > 0 ? 2 : 0))" "$how: the exit status says that ($unknown)"
	if [ "$how" = stopped ]; then
		[ "$unknown" -gt 0 ]
		ok "$how: it was in flight"
		like "$(cat "$TMP/said")" '^chat-send: lines? [0-9-]+: may or may not' "$how: by their lines"
	fi
	[ "$(comm -13 "$TMP/accepted" "$TMP/had" | wc -l)" -le "$unknown" ]
	ok "$how: what it had besides is among the unknown"
done

for how in at-work stopped; do
	restart_under "$how" --journal "$TMP/journal.$how"
	is "$(cat "$TMP/status")" 0 "$how, with a journal: all is well"
	is "$(awk '{ print $2 }' "$TMP/table" | sort -u)" message "$how, with a journal: all is accepted"
	contents "$TMP/journal.$how"/*.ndjson | cmp - "$TMP/lines"
	ok "$how, with a journal: each is in it once, in order"
	stop "$SERVE_PID"
done

done_testing
