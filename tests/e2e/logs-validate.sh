#!/bin/bash
#
# chat-validate --state finds nothing in our own logs: a server's over restarts, a listener's over its
# reconnections to two channels, each with a crowd in it, and either cut at a line.

. tests/lib.sh
cd "$TMP" || exit

# server ADDRESS [OPTION…]: one that appends to `log`; sets CHAT_URL.
server() {
	rm -f url
	spawn chat-serve --url-file url --crowd 3 --grace 0s --listen "$@" >>log 2>>log.err
	server=$!
	wait_for '[ -s url ]'
	read -r CHAT_URL <url
	export CHAT_URL
}

# heard WHAT COUNT: the listener has that many of these.
heard() {
	wait_for "[ \"\$(grep -cF '$1' listened)\" -ge $2 ]"
}

# restarts WITH [OPTION…]: three runs of a server, of which each is killed.
restarts() {
	local with=$1 members=() run member
	shift
	rm -f log listened
	server 127.0.0.1:0 "$@"
	spawn chat-listen -u watcher --id watcher "$CHAT_URL" "${CHAT_URL}ops" >listened
	listener=$!
	for run in 1 2 3; do
		heard '"server":{' $((2 * run))
		ok "$with: the listener is there, time $run"
		seq "$run" 20 | chat-send -u alice -lq
		seq "$run" 20 | chat-send -u bob -c /ops -lq
		members=()
		for member in one two three four; do
			spawn chat-listen -u "$member" --id "$member" -c /ops >/dev/null
			members+=($!)
		done
		heard '"truncated":true' "$run"
		ok 'and hears that there is a crowd'
		for member in "${members[@]}"; do
			stop "$member"
		done
		slay "$server"
		server "$(cut -d/ -f3 <<<"$CHAT_URL")" "$@"
	done
	heard '"server":{' 8
	stop "$listener"
	stop "$server"
	for log in log listened; do
		exits 0 "$with: $log ($(lines "$log") lines) is in order" chat-validate --state --from server "$log"
		tail -n +7 "$log" >rotated
		exits 0 'also from its middle' chat-validate --state --from server rotated
	done
	is "$(jq -r 'select(.url) | .url' listened | sort -u | wc -l)" 2 'each line of the listener says from where it is'
}

restarts 'without a journal'
restarts 'with a journal' --journal "$TMP/journal"
done_testing
