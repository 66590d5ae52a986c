#!/bin/bash
#
# The schema that chat-validate prints, given to ajv, has the same verdict as chat-validate on random
# lines, but for what no schema can express.
#
# CHAT_TEST_LINES=1000000 takes more lines, CHAT_TEST_SEED others. The default seed is 1.

count=${CHAT_TEST_LINES:-20000}
LIMIT=280
. tests/lib.sh
seed=${seed:-1}

[ -d "$BUILD/bench/node_modules/ajv" ] || skip_all 'ajv is not installed (make bench-deps)'

node tests/interop/schema-lines.js "$count" "$seed" tests/corpus/valid/* tests/corpus/invalid/* >"$TMP/lines"
is "$(lines "$TMP/lines")" "$count" "$count lines"
chat-validate --schema >"$TMP/schema"
CHAT_PEERS=$BUILD/bench node tests/bench/validate_ajv.js "$TMP/schema" "$TMP/lines" yes >"$TMP/ajv"
is "$(lines "$TMP/ajv")" "$count" 'ajv has a verdict on each'

# A line that only these are said against is one on which JSON.parse is lenient: the last of two keys wins,
# half a surrogate pair and U+0000 are characters, a number becomes a double.
exits 1 'chat-validate finds something' chat-validate --format json --max-errors 0 "$TMP/lines"
choices='duplicate_key|lone_surrogate|nul_character|byte_order_mark|too_deep'
jq -r '[.line, .code] | @tsv' "$OUT" | awk -v count="$count" -v choices="^($choices)$" '
	$2 ~ choices { chosen[$1] = 1; next }
	{ bad[$1] = 1 }
	END { for (i = 1; i <= count; i++) print (i in bad ? 0 : i in chosen ? "-" : 1) }' >"$TMP/ours"
paste -d' ' "$TMP/ours" "$TMP/ajv" | awk '$1 != "-" && $1 != $2 { print NR, $0 }' >"$TMP/differences"
is "$(head -n 5 "$TMP/differences")" '' 'no verdict differs'
head -n 5 "$TMP/differences" | while read -r number _; do
	diag "$(sed -n "${number}p" "$TMP/lines")"
done
good=$(grep -c 1 "$TMP/ours")
[ "$good" -gt $((count / 10)) ] && [ "$good" -lt $((count - count / 10)) ]
ok "$good are messages, $(grep -c -e - "$TMP/ours") are no matter of a schema"
done_testing
