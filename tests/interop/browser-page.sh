#!/bin/bash
#
# The page that chat-serve shows to a browser, in headless Chromium: two pages and chat-send talk, the server is
# ended and killed, files are dropped, hostile messages run nothing, and 10,000 messages are read.

. tests/lib.sh

browser=$(command -v chromium) || skip_all 'there is no chromium'

pictures=$BUILD/pictures # for whoever looks at them
mkdir -p "$pictures"

journalled() {
	serve --grace 0s --journal "$TMP/journal" --history-keep 20000 --nonce-time 5m "$@"
}
journalled
port=${CHAT_URL##*:} port=${port%%/*}

say_hostile() {
	chat-send -u mallory '<script>window.pwned = 1</script>'
	chat-send -u mallory '<img src=x onerror=alert(1)>'
	chat-send -u mallory 'javascript:alert(1) https://example.org/a"onmouseover="alert(1) <b>bold</b>'
	chat-send -u mallory $'\u202eevil\u202c and \e[31mred\e[0m'
	chat-send -u mallory $'https://a.example/\u200f\u200bxyz and \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f467'
	seq 400 | chat-send -u mallory
	chat-send -u mallory 'the last hostile line'
}

# answer WHAT: does what the pages ask for. Sets told to the answer, if there is one.
answer() {
	case $1 in
	'say a line of a bot') chat-send -u robot 'a line of a bot' ;;
	'end the server') stop "$SERVE_PID" ;;
	'kill the server') slay "$SERVE_PID" ;;
	'start the server') journalled --listen "127.0.0.1:$port" ;;
	'count burst') told=$(chat-listen --since all --no-follow -t message | jq -r .content | grep -c '^burst') ;;
	'say sixty lines') seq -f 'sixty %.0f' 60 | chat-send -u robot -lq ;;
	'say what is hostile') say_hostile ;;
	'say what is pictured')
		for channel in pictures team; do
			printf '%s\n' 'Good morning!' 'The build is green: https://ci.example.org/4711' 'Shall we meet at noon?' |
				chat-send -c "$channel" -u bob -l
		done
		;;
	'start a proxy')
		spawn node tests/helpers/prefix-proxy.js "$port" >"$TMP/proxy.port"
		wait_for "[ -s '$TMP/proxy.port' ]" && told=$(<"$TMP/proxy.port")
		;;
	'start a server with tokens')
		chat-serve --new-token alice >"$TMP/alice.json"
		jq -r .line "$TMP/alice.json" >"$TMP/tokens"
		serve --grace 0s --tokens "$TMP/tokens"
		told="http${CHAT_URL#ws} $(jq -r .token "$TMP/alice.json")"
		CHAT_URL=ws://127.0.0.1:$port/
		;;
	'say many lines') seq -f 'line %.0f' 10000 | chat-send -u reader -lq ;;
	esac >"$TMP/answer.log" 2>&1
}

axe=$BUILD/browser/node_modules/axe-core/axe.min.js
[ -e "$axe" ] || axe=
coproc node tests/interop/browser-page-tests.js "$browser" "http://127.0.0.1:$port/" "$pictures" "$axe"
while read -r verdict name <&"${COPROC[0]}"; do
	case $verdict in
	ok) true ;;
	not) name=${name#ok } && false ;;
	do:)
		[ "$name" != end ] || break
		told=-
		answer "$name"
		echo "$told" >&"${COPROC[1]}"
		continue
		;;
	*) diag "$verdict $name" && continue ;;
	esac
	ok "$name"
	tests_seen=$((${tests_seen:-0} + 1))
done
[ "${tests_seen:-0}" -ge 30 ]
ok 'all of them'

done_testing
