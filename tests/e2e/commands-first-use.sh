#!/bin/bash
#
# A stranger's first minutes with the four commands: wrong addresses, an empty environment, closed
# descriptors, a terminal, a server that is not there. Each gets a word that helps, and its exit status.

. tests/lib.sh
cd "$TMP" || exit 1

# says REGEX: the first line on standard error is that.
says() {
	like "$(head -n 1 "$ERR")" "$1" "$(head -n 1 "$ERR")"
}

serve --grace 0s
port=${CHAT_URL##*:}
port=${port%/}

# ---- addresses ----

exits 64 'a host without a scheme' chat-listen "localhost:$port"
says "^chat-listen: localhost:$port: a URL begins with ws:// or wss://: ws://localhost:$port\$"
exits 64 'the name of a channel' chat-listen "$CHAT_URL" ops
says '^chat-listen: ops: a URL begins with ws:// or wss://, as in ws://localhost:3001/; a channel alone is given with --channel$'
exits 64 'a page of the web' chat-send -U http://localhost/ hi
says '^chat-send: a chat URL begins with ws://, not http://$'
exits 64 'a password without a scheme' chat-send -U bob:secret@localhost hi
unlike "$(<"$ERR")" secret 'is not said again'
exits 64 'a wrong variable' env CHAT_URL=localhost:3001 chat-send hi
says '^chat-send: CHAT_URL: a URL begins with ws://'
exits 64 'a list without a scheme' chat-send -U "localhost:3001,localhost:3002" hi
says '^chat-send: URL 1 of 2: a URL begins with ws:// or wss://, as in ws://localhost:3001/$'
exits 64 'a wrong channel beside a variable' chat-send -c 'a b' hi
says '^chat-send: no channel: '
exits 64 'IPv6 without brackets' chat-send -U "ws://::1:$port/" hi
says '^chat-send: an IPv6 address stands in brackets: ws://\[::1\]:3001/$'
exits 64 'a bracket that is open' chat-send -U 'ws://[::1' hi
exits 64 'a port that is none' chat-send -U ws://localhost:99999/ hi
says '^chat-send: a port is a number from 1 to 65535$'
exits 64 'a number alone' chat-serve 3001
says '^chat-serve: 3001: there are no operands; --listen=ADDR is where to listen$'
exits 64 'a number as address' chat-serve --listen 3001
says '^chat-serve: 3001: an address is host:port, :port, \[v6\]:port or unix:/path$'
exits 64 'IPv6 to listen on' chat-serve --listen ::1:3001
says '^chat-serve: ::1:3001: an IPv6 address is written \[address\]:port$'
exits 64 'all of the network' chat-serve --listen :0
says 'give --tokens, or --open to let anybody in$'
exits 69 'a port in use' chat-serve --listen "127.0.0.1:$port"
says "^chat-serve: cannot listen on 127.0.0.1:$port: Address already in use\$"
exits 64 'a user that is not there' chat-serve --user no-such-user --listen 127.0.0.1:0
says '^chat-serve: --user no-such-user: there is no such user$'

if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	spawn chat-serve -q --listen '[::1]:0' --url-file six.url 2>six.err
	wait_for '[ -s six.url ]'
	exits 0 'an IPv6 literal' chat-send -U "$(<six.url)" hi
	like "$(<six.url)" '^ws://\[::1\]:[0-9]*/$' 'as the server says it'
fi

# ---- a server that is not there ----

exits 69 'no server' chat-send -U ws://127.0.0.1:1/ hi
says '^chat-send: ws://127.0.0.1:1/: Connection refused$'
exits 68 'no host' chat-listen -U ws://no-such-host.invalid/
says '^chat-listen: ws://no-such-host.invalid/: Unknown host$'
exits 69 'a proxy that is not there' env http_proxy=http://127.0.0.1:1 chat-send -U ws://no-such-host.invalid/ hi
says '^chat-send: ws://no-such-host.invalid/: the proxy of http_proxy: Connection refused$'
exits 69 'a proxy that is none' env all_proxy=nonsense:// chat-send -U ws://no-such-host.invalid/ hi
says '^chat-send: ws://no-such-host.invalid/: the proxy of all_proxy: Unsupported proxy syntax'
exits 76 'TLS where there is none' chat-send -U "wss://localhost:$port/" hi
says 'is it ws:// in place of wss://\?'

# ---- an empty environment ----

exits 0 'chat-send with no environment' env -i "$BUILD/chat-send" -U "$CHAT_URL" hi
exits 0 'chat-listen with none' env -i "$BUILD/chat-listen" -U "$CHAT_URL" --human -C 1
like "$(<"$OUT")" '^[0-9:]{8} \* here: <.*>$' 'prints'
exits 1 'chat-validate with none' env -i "$BUILD/chat-validate" <<<'{}'
spawn env -i "$BUILD/chat-serve" -q --listen 127.0.0.1:0 --url-file "$TMP/bare.url" 2>bare.err
wait_for '[ -s bare.url ]'
exits 0 'chat-serve with none' chat-send -U "$(<bare.url)" hi

# ---- closed descriptors: they are not taken for the connection ----

exits 0 'chat-send, stdin closed' bash -c 'chat-send hi <&-'
exits 74 'no messages then' bash -c 'chat-send <&-'
exits 74 'chat-send, stdout closed' bash -c 'chat-send hi >&-'
says '^chat-send: stdout: Bad file descriptor: 1 line was not written$'
exits 0 'chat-send, stderr closed' bash -c 'chat-send hi 2>&-'
exits 64 'a usage error that nobody hears' bash -c 'chat-send --no-such-option 2>&-'
exits 0 'chat-send, all but stdout closed' bash -c 'chat-send hi <&- 2>&-'
is "$(jq -r .content "$OUT")" hi 'the receipt is there'
exits 0 'chat-listen, stdin closed' bash -c 'chat-listen -C 1 <&-'
exits 74 'chat-listen, stdout closed' bash -c 'chat-listen -C 1 >&-'
exits 74 'with --human' bash -c 'chat-listen -H -C 1 >&-'
exits 0 'chat-listen, stderr closed' bash -c 'chat-listen -C 1 2>&-'
is "$(jq -r .type "$OUT")" userData 'prints'
exits 66 'chat-validate, stdin closed' bash -c 'chat-validate <&-'
exits 74 'chat-validate, stdout closed' bash -c 'echo "{}" | chat-validate >&-'
exits 1 'chat-validate, stderr closed' bash -c 'echo "{}" | chat-validate 2>&-'
spawn bash -c 'exec chat-serve --listen 127.0.0.1:0 --url-file closed.url <&- >&- 2>&-'
closed=$!
wait_for '[ -s closed.url ]'
exits 0 'chat-serve, all closed' chat-send -U "$(<closed.url)" hi
kill "$closed"
ends "$closed" 0 'and ends in order'

# ---- a reader that goes ----

chat-listen | head -n 1 >first
is "${PIPESTATUS[0]}" 141 'chat-listen | head -1 ends'
chat-listen --human | head -n 1 >first
is "${PIPESTATUS[0]}" 141 'with --human too'

# ---- Ctrl-C on a terminal ----

for command in 'chat-listen' 'chat-listen --human' 'chat-serve --listen 127.0.0.1:0'; do
	mkfifo keys
	exec 8<>keys
	spawn script -qec "TERM=xterm exec $command" /dev/null <keys >seen
	terminal=$!
	wait_for 'grep -Eq "userData|here:" seen'
	printf '\003' >&8
	ends "$terminal" "$([[ $command = chat-serve* ]] && echo 0 || echo 130)" "Ctrl-C ends $command"
	exec 8>&-
	rm keys
done

# ---- what a log does not take ----

echo '{"type":"message","id":"1","sender":"alice","content":"x","timestamp":0}' >log
exits 64 'the last lines of a log' chat-listen --from-log log -n 1
says '^chat-listen: --from-log prints each line of a log: tail\(1\) takes the last ones$'
exits 64 'a history in another shape' chat-listen --from-log log --history=flat
exits 64 'a log and a time limit' chat-listen --from-log log -W 1s
says '^chat-listen: --from-log reads to the end: timeout\(1\) limits the time$'
exits 64 'and --until-idle' chat-listen --from-log log --until-idle 1s
exits 0 'no limit' chat-listen --from-log log

done_testing
