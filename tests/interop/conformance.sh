#!/bin/bash
#
# The server's and the client's layer of WebSocket, without the chat, pass a conformance suite of our own.
# Other suites can be run on build/tests/interop/echo_server and echo_client in the same way; with --binary
# these send binary messages back, too, which are refused by default because the chat has none.

. tests/lib.sh

testees=$BUILD/tests/interop

spawn "$testees/echo_server" 127.0.0.1:0 >"$TMP/url" 2>"$TMP/err"
spawn "$testees/echo_server" --binary 127.0.0.1:0 >"$TMP/binary.url" 2>"$TMP/err"
wait_for '[ -s "$TMP/url" ] && [ -s "$TMP/binary.url" ]'

# conforms WHO ARGUMENT…: runs the suite with these arguments.
conforms() {
	local who=$1 line
	shift
	run_cases tests/interop/conformance.py "$@" >"$TMP/tap"
	is "$?" 0 "$who: the suite ends well"
	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			[ "${line%% *}" = ok ]
			ok "$who: ${line#* - }"
			;;
		'#'*) printf '%s\n' "$line" ;;
		esac
	done <"$TMP/tap"
}

conforms server server "$(<"$TMP/url")"
conforms client client "$testees/echo_client"
conforms 'server with binary messages' --binary server "$(<"$TMP/binary.url")"
conforms 'client with binary messages' --binary client "$testees/echo_client" --binary

done_testing
