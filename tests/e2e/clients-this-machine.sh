#!/bin/bash
#
# A server on this machine is reached without libcurl, and as it is with it: localhost is ::1 or 127.0.0.1,
# one that does not answer is not waited for, and neither is a proxy asked. For all else libcurl is loaded.

. tests/lib.sh

# loaded COMMAND…: the libcurl that a command loads, if any.
loaded() {
	LD_DEBUG=files LD_DEBUG_OUTPUT=$TMP/loaded "$@" >"$OUT" 2>"$ERR"
	cat "$TMP"/loaded.* | grep -o 'calling init: .*libcurl.so' | sed 's/.*\///'
	rm -f "$TMP"/loaded.*
}

# occupied ADDRESS PORT, occupied unix PATH: a server there whose queue of connections is full. With a line on stdin it
# accepts all.
cat >"$TMP/occupied.py" <<'END'
import select, socket, sys
where, what = sys.argv[1:]
family = {"unix": socket.AF_UNIX, "::1": socket.AF_INET6}.get(where, socket.AF_INET)
address = what if where == "unix" else (where, int(what))
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address)
listener.listen(0)
held, full = [], False
while not full:
    one = socket.socket(family)
    one.setblocking(False)
    held.append(one)
    answer = one.connect_ex(address)
    full = answer != 0 and not select.select([], [one], [], 0.3)[1] if where != "unix" else answer != 0
print("full", flush=True)
sys.stdin.readline()
for one in held:
    one.close()
while True:
    listener.accept()[0].close()
END

# occupy ADDRESS-OR-unix PORT-OR-PATH
occupy() {
	mkfifo "$TMP/free.$#.$1"
	spawn /usr/bin/python3 "$TMP/occupied.py" "$@" <>"$TMP/free.$#.$1" >"$TMP/full.$1"
	wait_for "[ -s '$TMP/full.$1' ]"
}

serve --listen "unix:$TMP/socket"
port=${CHAT_URL##*:}
port=${port%/}

is "$(loaded chat-send hi)" '' 'a message to this machine does without libcurl'
is "$(loaded chat-send -U "ws://localhost:$port/" hi)" '' 'and to localhost'
is "$(loaded chat-listen --no-follow --unix-socket "$TMP/socket")" '' 'and to a unix socket'
is "$(loaded chat-send -U "wss://localhost:$port/" hi)" libcurl.so 'TLS takes libcurl'
is "$(loaded chat-send -U "ws://127.0.0.2:$port/" --retry-for 0 hi)" libcurl.so 'and so does another address'

http_proxy=http://127.0.0.1:9/ exits 0 'a proxy is not asked' chat-send -U "ws://localhost:$port/" hi
exits 0 'a name in capitals' chat-send -U "ws://LOCALHOST:$port/" hi
exits 69 'nobody there' chat-send -U ws://127.0.0.1:1/ --retry-for 0 hi
like "$(cat "$ERR")" 'Connection refused' 'is said'
exits 69 'no unix socket' chat-send --unix-socket "$TMP/none" --retry-for 0 hi
like "$(cat "$ERR")" 'No such file or directory' 'is said'
exits 68 'a path too long for a socket, which is left to libcurl' chat-send --unix-socket "$TMP/$(printf 'x%.0s' {1..120})" --retry-for 0 hi

# ::1 does not answer, and 127.0.0.1 does.
if /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
	occupy ::1 "$port"
	exits 0 'the other address of localhost is tried, too' chat-send -U "ws://localhost:$port/" -W 5s hi
	exits 69 'an address that does not answer ends with the time' chat-send -U "ws://[::1]:$port/" \
		--connect-timeout 300ms --retry-for 0 hi
	like "$(cat "$ERR")" 'timed out' 'is said'
else
	skip 'the other address of localhost' 'there is no IPv6'
fi

occupy unix "$TMP/busy"
exits 69 'a unix socket that is not accepted ends with the time' chat-send --unix-socket "$TMP/busy" \
	--connect-timeout 300ms --retry-for 0 hi
like "$(cat "$ERR")" 'timed out' 'is said'
spawn chat-send --unix-socket "$TMP/busy" --connect-timeout 8s --retry-for 0 hi >"$OUT" 2>"$TMP/waiting"
sent=$!
pause
echo >"$TMP/free.2.unix"
wait "$sent"
like "$(cat "$TMP/waiting")" 'without an answer|ended the connection' 'once it accepts, it is connected to'

done_testing
