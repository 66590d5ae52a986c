#!/bin/bash
#
# chat-listen prints a history that comes in many pages as one: each message once, in order, with gaps
# where they are.

. tests/lib.sh

# said FROM TO: texts of these numbers, said by chat-send; its receipts are in $TMP/said.
said() {
	seq "$1" "$2" | chat-send -l | jq -r .id >>"$TMP/said"
}

# ids: of the messages in the lines on stdin, those in a history too.
ids() {
	jq -r 'if .type == "history" then .messages[] elif .type == "message" then . else empty end | .id'
}

serve --quiet --journal "$TMP/journal" --history-keep 50
said 1 12000
first=$(head -n 1 "$TMP/said")
tail -n +2 "$TMP/said" >"$TMP/rest"

exits 0 'a past of many pages is read to its end' chat-listen --no-follow -t message --since "$first"
same <(jq -r .id "$OUT") "$TMP/rest" 'each message is a line, once, in order'
exits 0 'the beginning is 0' chat-listen --no-follow --events --since 0
same <(ids <"$OUT") "$TMP/said" 'and all that is kept follows it'
unlike "$(<"$OUT")" 'gap' 'without a gap'

exits 0 'the last of a past of many pages' chat-listen --no-follow -t message --since "$first" -n 3
same <(jq -r .id "$OUT") <(tail -n 3 "$TMP/said") 'are the last of all'
exits 0 'the last, as one history' chat-listen --no-follow -t history --since "$first" -n 3 --history=line
is "$(wc -l <"$OUT")" 1 'are one line'
same <(ids <"$OUT") <(tail -n 3 "$TMP/said") 'with these messages'
exits 0 'pages as lines' chat-listen --no-follow -t history --since "$first" --history=line
[ "$(wc -l <"$OUT")" -gt 3 ] && jq -se 'all(.[:-1][]; .more) and (.[-1].more | not)' "$OUT" >"$TMP/jq"
ok 'are several, of which all but the last say that there is more'
exits 0 'which are valid, and in order' chat-validate --from server --state "$OUT"

# ---- over several runs ----

: >"$TMP/log"
printf '{"url":"%s","since":"%s"}\n' "$CHAT_URL" "$first" >"$TMP/cursor"
for to in 12500 12501 15000; do
	said "$((1 + $(lines "$TMP/said")))" "$to"
	chat-listen --no-follow -t message --cursor-file "$TMP/cursor" >>"$TMP/log" || diag "chat-listen: $?"
done
same <(jq -r .id "$TMP/log") <(tail -n +2 "$TMP/said") 'what several runs were told is everything, once'

# ---- where something is missing ----

serve --quiet --history-keep 3000
: >"$TMP/said"
said 1 4000
exits 1 'a past whose beginning is no longer kept' chat-listen --no-follow --events --since "$(head -n 1 "$TMP/said")"
is "$(grep -n gap "$OUT" | cut -d: -f1)" "$(grep -n userData "$OUT" | cut -d: -f1 | awk '{ print $1 + 1 }')" \
	'has its gap before the first message'
same <(ids <"$OUT") <(tail -n 3000 "$TMP/said") 'then comes all that is kept'

done_testing
