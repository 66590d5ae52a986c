#!/bin/bash
#
# Each bot that README.md and the manual pages print, run exactly as printed, answers the person who
# started it.

. tests/lib.sh

# bots_of FILE: the examples that are a bot, each ended by a NUL.
bots_of() {
	tests/helpers/printed-examples.pl "$1" | grep -z '!ping' | grep -z chat-listen
}

# here CHANNEL: the user of this test is listening there.
here() {
	jq -se --arg channel "/$1" 'map(select(.type == "userStatus" and .channel == $channel)) | any(.online)' "$SERVE_OUT" >/dev/null
}

serve --grace 0s
base=$CHAT_URL
found=0
for file in README.md man/*.[1-7]; do
	while IFS= read -r -d '' bot; do
		found=$((found + 1))
		export CHAT_URL=${base}bot$found
		spawn bash -c "$bot" >"$TMP/bot.$found" 2>"$TMP/bot.$found.err"
		pid=$!
		wait_for "here bot$found"
		name="$file: ${bot%%jq*}" name=${name//$'\n'/ }
		exits 0 "$name answers" chat-send --reply '!ping' -W 10s
		is "$(jq -rs '[.[0].content, (.[0].id == .[1].replyTo)] | join(" ")' "$OUT")" '!ping true' 'the question of the person who started it'
		exits 0 'and again' chat-send --reply '!ping' -W 10s
		is "$(jq -s --arg channel "/bot$found" 'map(select(.type == "message" and .channel == $channel)) | length' "$SERVE_OUT")" 4 \
			'it says nothing else'
		is "$(cat "$TMP/bot.$found.err")" '' 'and complains of nothing'
		stop "$pid"
	done < <(bots_of "$file")
done
[ "$found" -ge 3 ]
ok "there are bots ($found)"
is "$(grep -l '!ping' README.md man/*.[1-7] | xargs)" 'README.md man/chat-listen.1 man/chat.7' 'in these pages, and in no other'

done_testing
