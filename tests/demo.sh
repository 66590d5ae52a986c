#!/bin/bash
#
# The main use, once: a server on a free port, a listener, a sender, and the log validated.
# Prints what is typed and what comes out, and ends by itself.

set -u
PATH=$(realpath "${CHAT_BUILD:-build}"):$PATH
tmp=$(mktemp -d) || exit 1
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$tmp"' EXIT
trap 'echo "demo: no end in sight" >&2; exit 1' ALRM
unset "${!CHAT_@}"
mkfifo "$tmp/heard" "$tmp/never"

(read -r -t 30 <>"$tmp/never" || kill -ALRM $$) &
pids+=($!)

type_in() {
	printf '\n$ %s\n' "$1"
}

# Shows what bob hears, up to the line with this in it.
hear() {
	local line
	while read -r line <&3; do
		printf 'bob heard: %s\n' "$line"
		[[ $line != *"$1"* ]] || return 0
	done
	echo 'demo: the listener ended' >&2
	exit 1
}

type_in 'chat-serve --listen 127.0.0.1:0 --url-file url >log.ndjson &'
chat-serve --listen 127.0.0.1:0 --url-file "$tmp/url" >"$tmp/log.ndjson" &
server=$!
pids+=("$server")
until read -r CHAT_URL 2>/dev/null <"$tmp/url"; do
	kill -0 "$server" || exit 1
	read -r -t 0.02 <>"$tmp/never"
done
export CHAT_URL

type_in "CHAT_URL=$CHAT_URL chat-listen --username bob &"
chat-listen --username bob >"$tmp/heard" &
pids+=($!)
exec 3<"$tmp/heard"
hear '"history"'

type_in 'chat-send --username alice hello bob'
chat-send --username alice hello bob || exit
hear 'hello bob'

type_in "printf 'one\\ntwo\\n' | chat-send --username alice --lines"
printf 'one\ntwo\n' | chat-send --username alice --lines || exit
hear '"two"'

type_in 'kill %1; chat-validate --stats log.ndjson'
kill "$server"
wait "$server" || exit
chat-validate --stats "$tmp/log.ndjson" && echo 'demo: done'
