#!/bin/bash
#
# chat-validate has the right verdict on each file of the corpus, whether the bytes come at once or one by
# one.

. tests/lib.sh

# cases FROM: the files of that direction; those that are blank are no line to chat-validate.
cases() {
	grep -l '[^[:space:]]' tests/corpus/valid/"$1"-*.json tests/corpus/invalid/*-"$1"-*.json
}

# verdict FILE: the verdict that its name asks for: ok, or the code of an invalid one.
verdict() {
	case $1 in
	*/valid/*) echo ok ;;
	*) basename "${1%%-*}" ;;
	esac
}

for from in client server; do
	cases "$from" | while read -r file; do
		tr -d '\n' <"$file"
		echo
		verdict "$file" >&3
	done >"$TMP/$from" 3>"$TMP/want"
	cases "$from" | wc -l | { read -r count && is "$(lines "$TMP/$from")" "$count" "$from: $count cases"; }

	exits 1 "$from: they are checked" chat-validate --from "$from" --format json --max-errors 0 "$TMP/$from"
	# Of each line, the code that its file's name asks for where it was found, or the first.
	jq -s -r --rawfile want "$TMP/want" '
		(group_by(.line) | map({key: (.[0].line | tostring), value: map(.code)}) | from_entries) as $found |
		($want | rtrimstr("\n") / "\n") | to_entries[] | .value as $code |
		($found[.key + 1 | tostring] // ["ok"]) as $codes |
		if $codes | index($code) then $code else $codes[0] end' "$OUT" >"$TMP/got"
	same "$TMP/got" "$TMP/want" "$from: every verdict is the one of the file's name"
	LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f-\xff]' "$OUT"
	not_ok "$from: no finding holds a byte of the document that a terminal could obey"

	chat-validate --from "$from" --strict --max-errors 0 - <"$TMP/$from" >"$TMP/whole"
	/usr/bin/python3 tests/helpers/validate-drip.py chat-validate --from "$from" --strict --max-errors 0 - \
		<"$TMP/$from" >"$TMP/dripped"
	is $? 1 "$from: they are checked byte by byte"
	[ -s "$TMP/whole" ] && same "$TMP/dripped" "$TMP/whole" "$from: with the same findings"
	/usr/bin/python3 tests/helpers/validate-drip.py chat-validate --from "$from" --filter -q \
		<"$TMP/$from" >"$TMP/passed"
	grep -c ok "$TMP/want" | { read -r count; is "$(lines "$TMP/passed")" "$count" "$from: the valid ones pass"; }
done

done_testing
