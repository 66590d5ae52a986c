#!/bin/bash
#
# chat-validate --state finds nothing wrong in logs of our own: a server's over restarts, a listener's
# over reconnections to two channels, each with a crowd in it, and either log is cut at the end of a line.

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
	is "$(jq -r .channel listened | sort -u | paste -sd' ')" '/ /ops' 'each line of the listener says from which channel it is'
	is "$(jq -r 'select(.type == "userData" or .type == "history").channel' listened | sort -u | paste -sd' ')" '/ /ops' \
		'also who is there, and what was said before'
	is "$(jq -c 'select(.url)' listened)" '' 'and no URL, for it is one server'
}

# servers: a listener to two channels of each of two servers, one of which is killed and comes again.
servers() {
	rm -f listened
	server 127.0.0.1:0
	one=$server one_url=$CHAT_URL
	server 127.0.0.1:0
	other=$server other_url=$CHAT_URL
	spawn chat-listen --events -u watcher --id watcher "$one_url" "${one_url}ops" "$other_url" "${other_url}ops" >listened
	listener=$!
	heard '"server":{' 4
	ok 'a listener to channels of two servers'
	for url in "$one_url" "$other_url"; do
		seq 20 | chat-send -U "$url" -u alice -lq
		seq 20 | chat-send -U "$url" -u bob -c /ops -lq
	done
	printf '%s\n' '{"type":"text","text":"one"}' '{"type":"file","file":{"name":"url","type":"t","size":1,"data":"AA=="}}' |
		chat-send -q
	heard '"content":"url"' 1
	slay "$one"
	server "$(cut -d/ -f3 <<<"$one_url")"
	heard '"server":{' 6
	seq 5 | chat-send -U "$one_url" -u alice -lq
	heard '"content":"5"' 5
	stop "$listener"
	stop "$server"
	stop "$other"
	exits 0 "its log ($(lines listened) lines) is in order" chat-validate --state --from server <(grep -vF '"$gap"' listened)
	is "$(jq -r '"\(.url) \(.channel)"' listened | sort -u)" \
		"$(for url in "$one_url" "$other_url"; do printf '%s\n' "$url /" "${url}ops /ops"; done | sort)" \
		'each line says from which channel of which server it is'
	is "$(jq -r 'select(.type == "$gap") | "\(.url) \(.channel)"' listened | sort -u)" \
		"$(printf '%s\n' "$one_url /" "${one_url}ops /ops" | sort)" 'also one about a gap'
	jq -c 'select(.url == "'"$one_url"'" and .channel == "/")' listened | grep -vF '"$gap"' >one-channel
	exits 0 'and so is what it has of one channel' chat-validate --state --from server one-channel
}

restarts 'without a journal'
restarts 'with a journal' --journal "$TMP/journal"
servers

# ---- what a server says of itself does not count ----

spawn /usr/bin/python3 -c '
import asyncio, sys, websockets


async def serve(socket, *_):
    await socket.recv()
    await socket.send("{\"type\":\"userData\",\"users\":[],\"url\":\"ws://elsewhere/\"}")
    await socket.send("{ \"type\" : \"history\", \"messages\":[] }")
    await socket.send("{\"type\":\"later\",\"channel\":\"/x\",\"url\":{}}")
    await socket.send("{}")
    await asyncio.Future()


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        print("ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())' >liar
wait_for '[ -s liar ]'
liar=$(cat liar)
server 127.0.0.1:0 -q
exits 0 'a server that says another URL, or names a channel' chat-listen -C 6 --retry-for 0 "$liar" "$CHAT_URL"
is "$(grep -F "\"url\":\"$liar\"" "$OUT")" "$(sed "s|URL|$liar|" <<'EOF'
{"type":"userData","users":[],"channel":"/","url":"URL"}
{"type":"history","messages":[],"channel":"/","url":"URL"}
{"type":"later","channel":"/x","url":"URL"}
{"channel":"/","url":"URL"}
EOF
)" 'each line has one of each'
done_testing
