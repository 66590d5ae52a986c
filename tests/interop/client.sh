#!/bin/bash
#
# The library's client (client_driver.c) works with a server that knows the
# specification alone, and comes to the right end with one that does everything wrong that can be done.

. tests/lib.sh

drive() {
	timeout 60 "$BUILD/tests/interop/client_driver" "$@"
}

init='{"type":"init","username":"driver","id":"d-1"}'
hello='{"type":"text","text":"hello"}'

# ---- a plain server ----

helper plain-server.js "$TMP/plain"
plain=$(<"$TMP/plain")

drive "$plain" --send "$init" --send "$hello" --close-after 3 >"$TMP/talk"
like "$(sed -n 1p "$TMP/talk")" '^open (127\.0\.0\.1|\[::1\]):[0-9]+$' 'it opens at an address'
like "$(sed -n 2p "$TMP/talk")" '"type":"userData"' 'it gets userData'
like "$(sed -n 3p "$TMP/talk")" '"type":"history"' 'and history'
like "$(sed -n 4p "$TMP/talk")" '"content":"hello"' 'and the echo of its text'
is "$(sed -n 5p "$TMP/talk")" 'connection_closed: the server closed with 1000' 'and is closed well'

drive "$plain" --close-after 0 >"$TMP/short"
is "$(tail -n 1 "$TMP/short")" 'connection_closed: the server closed with 1000' \
	'a Close at once is answered'

helper plain-server.js "$TMP/unix" --unix "$TMP/socket"
drive ws://localhost/ --unix-socket "$TMP/socket" --send "$init" --close-after 2 >"$TMP/talk"
is "$(sed -n 1p "$TMP/talk")" "open $TMP/socket" 'it opens a unix socket'
like "$(sed -n 3p "$TMP/talk")" '"type":"history"' 'and talks on it'

http_proxy=http://127.0.0.1:1 drive ws://a.example/ --unix-socket "$TMP/socket" --close-after 0 \
	>"$TMP/talk"
is "$(sed -n 1p "$TMP/talk")" "open $TMP/socket" 'no proxy is asked for a unix socket'

# ---- connections that do not come about ----

# fails NAME CODE ARGUMENT…: without having been open.
fails() {
	local name=$1 code=$2
	shift 2
	like "$(drive "$@")" "^$code: [^"$'\n'"]+\$" "$name: $code"
}

fails 'an unknown host' unknown_host "ws://$(printf 'x%.0s' {1..70}).invalid/"
fails 'a unix socket that is not there' cannot_connect ws://localhost/ --unix-socket "$TMP/none"
like "$(drive ws://localhost/ --unix-socket "$TMP/none")" 'No such file' "in the system's words"

helper odd-server.js "$TMP/odd"
odd=$(<"$TMP/odd")
odd=${odd%/}
fails '404' protocol_error "$odd/404"
fails '200' protocol_error "$odd/200"
fails '401' refused "$odd/401"
fails '503' try_later "$odd/503"
fails 'another protocol' protocol_error "$odd/garbage"
fails 'no end to the head' protocol_error "$odd/long-head"
fails "another key's accept" protocol_error "$odd/wrong-accept"
fails 'the end in place of an answer' cannot_connect "$odd/end"
fails 'a reset in place of an answer' cannot_connect "$odd/reset"
fails 'no answer' cannot_connect "$odd/silent" --connect-timeout 100
fails 'a TLS handshake with one who knows no TLS' protocol_error "wss${plain#ws}"

# ---- connections that end ----

# says PATH TEXT NAME: all that comes but the first line.
says() {
	is "$(drive "$odd$1" | tail -n +2)" "$2" "$3"
}

both=$'text(one)\ntext(two)\nconnection_closed: the server closed with 1000'
says /at-once "$both" 'what comes with the answer is not lost'
says /in-bytes "$both" 'nor what comes byte by byte'
says /end-later $'text(one)\nconnection_lost: the server ended the connection' 'an end without Close'
says /reset-later 'connection_lost: Connection reset by peer' 'a reset'
says /empty-close 'connection_closed: the server closed' 'a Close without a code'
says /masked 'protocol_error: the server sent a frame that is masked' 'a masked frame'
says /binary 'protocol_error: the server sent a binary message' 'a binary message'
says /not-utf8 'protocol_error: the server sent a text that is not UTF-8' 'a text that is not UTF-8'
says /huge 'protocol_error: the server sent a message that is too big' 'a terabyte announced'
says /escapes 'refused: the server closed with 1008: go \x1b[2J\u202eaway' 'escapes are shown'

while read -r code word; do
	says "/close-$code" "text(last words)"$'\n'"$word: the server closed with $code: because" \
		"last words, then $code: $word"
done <<-'END'
	1000 connection_closed
	1001 try_later
	1002 protocol_error
	1007 protocol_error
	1008 refused
	1009 protocol_error
	1011 connection_lost
	1013 try_later
	3000 connection_lost
END

drive "$odd/mirror" --send one --send '' --close-after 3 >"$TMP/mirror"
is "$(sed '1d;$d' "$TMP/mirror" | sort | tr '\n' ' ')" \
	"text(81 ) text(81 one) text(88 "$'\x03\xc3\xa8'") text(8a are you there) " \
	'texts, a pong and a Close 1000, masked'
is "$(drive "$odd/cut-on-close" --close-after 0 | tail -n 1)" \
	'connection_lost: the server ended the connection' 'a Close that is not answered'

done_testing
