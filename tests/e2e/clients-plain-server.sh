#!/bin/bash
#
# The clients work with a server that knows the specification and nothing more.

. tests/lib.sh

# plain [ARGUMENT…]: such a server; sets CHAT_URL.
plain() {
	helper plain-server.js "$TMP/plain" --log "$TMP/log" "$@"
	CHAT_URL=$(cat "$TMP/plain")
	export CHAT_URL
}

cat >"$TMP/in" <<'END'
{"type":"text","text":"same"}
{"type":"text","text":"same"}
{"type":"file","file":{"name":"f","type":"x/y","size":1,"data":"AA=="}}
{"text":"\u00e9 \"q\""}
END

plain
exits 0 'own echoes are the acknowledgement' chat-send <"$TMP/in"
is "$(jq -r .content "$OUT" | paste -sd,)" 'same,same,f,é "q"' 'in order'
is "$(jq -r .id "$OUT" | sort -u | wc -l)" 4 'each of its own'
is "$(grep -c nonce "$TMP/log")" 0 'what the server does not know it does not get'
seq 3000 | exits 0 'through the window' chat-send -lq --window 10
is "$(jq -r '.text // empty' "$TMP/log" | tail -n 3000 | cmp - <(seq 3000) && echo same)" same 'in order'
exits 0 'a closing handshake when asked for' chat-send --ack close now
exits 0 'what is there' chat-listen --no-follow -u watcher
is "$(jq -r .type "$OUT" | paste -sd,)" userData,history 'is printed as it came'
exits 0 'a cursor' chat-listen --no-follow -u watcher -t message --cursor-file "$TMP/cur"
is "$(lines "$OUT")" 50 'shows what the server tells'
chat-send -q one more
exits 0 'and the next time' chat-listen --no-follow -u watcher -t message --cursor-file "$TMP/cur"
is "$(jq -r .content "$OUT")" 'one more' 'what is new'

plain --no-echo
exits 0 'a server that echoes nothing' chat-send <"$TMP/in"
like "$(cat "$ERR")" 'no echo: taking the closing handshake' 'is told'
is "$(jq -c . "$OUT" | paste -sd' ')" \
	'{"type":"$passed","line":1} {"type":"$passed","line":2} {"type":"$passed","line":3} {"type":"$passed","line":4}' \
	'its Close says that it read them'

plain --no-history
exits 0 'a server that does not answer init' chat-send hello
is "$(jq -r .content "$OUT")" hello 'gets what is said'
exits 0 'and is listened to' chat-listen --no-follow -u watcher
is "$(cat "$OUT")" '' 'to silence'

done_testing
