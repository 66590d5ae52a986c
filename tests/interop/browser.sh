#!/bin/bash
#
# chat-serve and the WebSocket of a browser understand each other: headless Chromium, on pages of this
# machine, and on one that pretends to come from elsewhere and is refused.

. tests/lib.sh
. tests/helpers/certs.sh

browser=$(command -v chromium) || skip_all 'there is no chromium'

# visit TASK HOST RESULT [OPTION…]: Chromium, with these options, on a page served under that name; waits
# for what it posts.
visit() {
	local task=$1 host=$2 result=$3 port
	shift 3
	spawn node tests/interop/browser.js "$task" "$CHAT_URL" "$result" >"$result.port"
	wait_for "[ -s '$result.port' ]" && port=$(<"$result.port")
	spawn env TMPDIR="$TMP" "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--disable-dev-shm-usage --host-resolver-rules="MAP $host 127.0.0.1" \
		--user-data-dir="$result.profile" "$@" "http://$host:$port/" >"$result.log" 2>&1
	wait_for "[ -e '$result' ]" 60 || diag "$(tail -n 20 "$result.log")"
	stop "${spawned[-1]}"
}

# converses NAME [OPTION…]: a page of this machine, and what it has to say.
converses() {
	local page=$1 verdict name
	shift
	visit converse 127.0.0.1 "$TMP/converse" "$@"
	while read -r verdict name; do
		case $verdict in
		ok) true ;;
		not) name=${name#ok } && false ;;
		*) diag "$verdict $name" && continue ;;
		esac
		ok "$page: $name"
	done <"$TMP/converse"
	[ "$(grep -c '^ok ' "$TMP/converse")" -ge 14 ]
	ok "$page: all of it"
	rm -rf "$TMP/converse" "$TMP/converse.port" "$TMP/converse.profile"
}

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
key=$(openssl pkey -in "$TMP/server.key" -pubout -outform der | openssl dgst -sha256 -binary | base64)
serve --grace 0 --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key"
converses 'wss' "--ignore-certificate-errors-spki-list=$key"

serve --grace 0
converses 'a page of this machine'

visit knock evil.example "$TMP/evil"
like "$(<"$TMP/evil")" '"event":"close","code":1006' 'a page from elsewhere may not connect'
visit knock localhost "$TMP/local"
is "$(<"$TMP/local")" '{"event":"open"}' 'one of localhost may'

done_testing
