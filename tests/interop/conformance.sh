#!/bin/bash
#
# The server's and the client's layer of WebSocket, without the chat, pass a conformance suite of our own.
# Other suites can be run on build/tests/interop/echo_server and echo_client in the same way.

. tests/lib.sh

testees=$BUILD/tests/interop

spawn "$testees/echo_server" 127.0.0.1:0 >"$TMP/url" 2>"$TMP/err"
wait_for '[ -s "$TMP/url" ]'

for suite in "server $(<"$TMP/url")" "client $testees/echo_client"; do
	role=${suite%% *}
	# shellcheck disable=SC2086 # words
	run_cases tests/interop/conformance.py $suite >"$TMP/tap"
	is "$?" 0 "$role: the suite ends well"
	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			[ "${line%% *}" = ok ]
			ok "$role: ${line#* - }"
			;;
		'#'*) printf '%s\n' "$line" ;;
		esac
	done <"$TMP/tap"
done

done_testing
