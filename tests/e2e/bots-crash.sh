#!/bin/bash
#
# A bot with --cursor-file, or its listener, is killed at random moments. Every question is still
# answered, and answered once.
#
# CHAT_TEST_FULL=1 runs enough rounds to be sure, not only to notice.

LIMIT=240
. tests/lib.sh

count=${full:+200}
count=${count:-60}
kills=${full:+20}
kills=${kills:-8}

serve --grace 0s

answer='select(.type=="message" and (.content | startswith("q "))) | {text:("a " + .content[2:]),replyTo:.id}'

# here CHANNEL NAME
here() {
	jq -se --arg channel "/$1" --arg name "$2" \
		'map(select(.type == "userStatus" and .channel == $channel and .username == $name)) | last.online' "$SERVE_OUT" >/dev/null
}

# answers CHANNEL: how often each question there was answered, in its order.
answers() {
	jq -sr --arg channel "/$1" 'map(select(.type == "message" and .channel == $channel))
		| (map(select(.replyTo)) | group_by(.replyTo) | map({(.[0].replyTo): length}) | add // {}) as $answers
		| .[] | select(.content | startswith("q ")) | $answers[.id] // 0' "$SERVE_OUT"
}

# owed CHANNEL: how many questions have no answer.
owed() {
	answers "$1" | grep -cx 0
}

# child PID: one that it has.
child() {
	local child
	read -r child _ 2>/dev/null <"/proc/$1/task/$1/children" && echo "$child"
}

# keep CHANNEL COMMAND…: a listener with this bot, and another one when that dies.
keep() {
	spawn bash -c 'while :; do chat-listen -c "$0" -u helper --cursor-file "$0.cursor" --restart --exec "$@" & wait $!; done' \
		"$@" 2>>"$TMP/$1.err"
	keeper=$!
	wait_for "here $1 helper"
}

cd "$TMP" || exit 1

# ---- killed ----

# It takes longer than the next question, so that some always wait for it.
slow='while read -r line; do read -r -t 0.03 <>"$TMP/never"; jq -c "$0" <<<"$line"; done'
keep killed bash -c "$slow" "$answer"
spawn bash -c 'for ((i = 1; i <= $0; i++)); do echo "q $i"; read -r -t 0.02 <>"$TMP/never"; done | chat-send -c killed -u alice -lq' "$count"
asker=$!
for ((i = 0; i < kills; i++)); do
	read -r -t "0.$((RANDOM % 20 + 10))" <>"$TMP/never"
	victim=$(child "$keeper")
	[ $((RANDOM % 2)) -eq 0 ] || victim=$(child "${victim:-0}")
	[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
done
ends "$asker" 0 'all is asked' 60
wait_for '[ "$(answers killed | wc -l)" -eq "$count" ] && [ "$(owed killed)" -eq 0 ]' 60
is "$(answers killed | sort | uniq -c | xargs)" "$count 1" "$kills kills: every one of $count questions is answered, each once"
stop "$keeper"
is "$(jq -r 'select(.type == "message" and .channel == "/killed" and (.content | startswith("a "))) | .content' "$SERVE_OUT" |
	sort -u | wc -l)" "$count" 'each with its own answer'

# ---- an answer that is on its way when everything dies ----

# It says its answer and kills the listener, and itself with it.
keep suicides bash -c 'while read -r line; do
	jq -c "$0" <<<"$line"
	case $line in *"q "*[05]\"*) kill -KILL "$PPID"; exit 1 ;; esac
done' "$answer"
for i in 1 2 3 4 5 6; do echo "q $i"; done | chat-send -c suicides -u alice -lq
wait_for '[ "$(owed suicides)" -eq 0 ]' 5
stop "$keeper"
is "$(answers suicides | xargs)" '1 1 1 1 1 1' 'a bot that kills its listener has answered each question once'

# ---- nobody was there ----

stop "$keeper" 2>/dev/null
chat-listen -c away -u helper --cursor-file away.cursor --no-follow --exec jq --unbuffered -c "$answer" >"$TMP/first"
for i in 1 2 3; do echo "q $i"; done | chat-send -c away -u alice -lq
is "$(owed away)" 3 'what is asked while no bot is there'
exits 0 'is answered by the next one' chat-listen -c away -u helper --cursor-file away.cursor --no-follow --exec jq --unbuffered -c "$answer"
is "$(answers away | xargs)" '1 1 1' 'each once'
exits 0 'and the one after it' chat-listen -c away -u helper --cursor-file away.cursor --no-follow --exec jq --unbuffered -c "$answer"
is "$(answers away | xargs)" '1 1 1' 'has nothing left to do'

echo 'q old' | chat-send -c begins -u alice -lq
exits 0 'the first of all' chat-listen -c begins -u helper --cursor-file begins.cursor --no-follow --exec jq --unbuffered -c "$answer"
is "$(answers begins)" 0 'does not answer what was asked before it came'

# ---- lives that end ----

for i in 1 2 3; do echo "q $i"; done >"$TMP/three"
chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow --exec sh -c 'cat >/dev/null'
chat-send -c crashes -u alice -lq <"$TMP/three"
exits 3 'a bot that hears three questions, answers the second and crashes' chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow \
	--exec bash -c "jq --unbuffered -c 'select(.content==\"q 2\")|{text:\"second\",replyTo:.id}'; exit 3"
is "$(jq -r .since crashes.cursor)" "$(jq -r 'select(.content == "q 2" and .channel == "/crashes") | .id' "$SERVE_OUT")" \
	'has its position behind that'
exits 0 'the next one' chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow \
	-t message --from alice --exec tee "$TMP/given"
is "$(jq -r .content "$TMP/given" | paste -sd,)" 'q 3' 'gets the third'
exits 0 'one that ended well' chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow -t message --exec tee "$TMP/given"
is "$(cat "$TMP/given")" '' 'owes nothing'

chat-send -c crashes -u alice -lq <"$TMP/three"
exits 3 'a bot that is done with the second' chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow \
	--exec bash -c "jq --unbuffered -c 'select(.content==\"q 2\")|{type:\"\$done\",id}'; exit 3"
is "$(cat "$ERR")" '' 'may say so'
exits 0 'the next one' chat-listen -c crashes -u helper --cursor-file crashes.cursor --no-follow -t message --exec tee "$TMP/given"
is "$(jq -r .content "$TMP/given" | paste -sd,)" 'q 3' 'gets the third, again'

# ---- TERM ----

# It takes a moment for each, and ends well.
spawn chat-listen -c ends -u helper --cursor-file ends.cursor \
	--exec bash -c 'tee "$1" | bash -c "$2" "$0"' "$answer" "$TMP/ends.given" "$slow" 2>"$TMP/ends.err"
bot=$!
wait_for 'here ends helper'
for i in 1 2 3 4; do echo "q $i"; done | chat-send -c ends -u alice -lq
wait_for '[ "$(grep -c "\"sender\":\"alice\"" "$TMP/ends.given")" -eq 4 ] && [ "$(owed ends)" -le 3 ]'
kill -TERM "$bot"
ends "$bot" 143 'TERM'
is "$(answers ends | xargs)" '1 1 1 1' 'lets the bot finish what it was given'
exits 0 'the next one' chat-listen -c ends -u helper --cursor-file ends.cursor --no-follow -t message --from alice --exec tee "$TMP/given"
is "$(cat "$TMP/given")" '' 'owes nothing'
is "$(cat "$TMP/ends.err")" '' 'and nobody complains'

# ---- two instances ----

for i in 1 2; do
	spawn chat-listen -c twins -u helper -v --exec jq --unbuffered -c "$answer" 2>"$TMP/twin.$i"
	wait_for 'grep -q "joined as" "$TMP/twin.$i"'
done
for i in 1 2 3 4 5; do echo "q $i"; done | chat-send -c twins -u alice -lq
wait_for '[ "$(owed twins)" -eq 0 ]'
for i in 1 2 3; do
	chat-send -q -c elsewhere barrier
	pause
done
is "$(answers twins | xargs)" '1 1 1 1 1' 'two instances of one bot answer once'

# The other one was first, with other words, while ours were on the way.
helper lying-server.py "$TMP/lying"
spawn chat-listen -U "$(<"$TMP/lying")/rival" -u helper --cursor-file rival --exec \
	jq --unbuffered -c 'select(.sender == "liar") | {text:"ours",replyTo:.id}' 2>"$TMP/rival.err"
rival=$!
wait_for '[ -s rival ] && [ "$(jq -r .since rival)" = 2 ]'
ok 'what another instance has answered, in other words, is settled'
stop "$rival"
is "$(cat "$TMP/rival.err")" '' 'and nobody complains'

# ---- several answers ----

spawn chat-listen -c several -u helper --exec jq --unbuffered -c 'select(.type=="message") | {text:("one", "two", "two"),replyTo:.id}'
wait_for 'here several helper'
echo 'q' | chat-send -c several -u alice -lq
wait_for '[ "$(grep -c "\"/several\".*replyTo" "$SERVE_OUT")" -ge 3 ]'
ok 'several answers to one question are several'

# ---- a server that has forgotten the nonce ----

serve --grace 0s --nonce-time 1s
bot=(chat-listen -c forgot -u helper --cursor-file forgot.cursor --no-follow --exec jq --unbuffered -c "$answer")
"${bot[@]}"
cp forgot.cursor before.cursor
for i in 1 2 3; do echo "q $i"; done | chat-send -c forgot -u alice -lq
"${bot[@]}"
is "$(answers forgot | xargs)" '1 1 1' 'what is answered'
chat-send -q -c forgot -u alice once
id=$(jq -nc '{text:"again",nonce:"n"}' | chat-send -c forgot -u alice | jq -r .id)
again() {
	[ "$(jq -nc '{text:"again",nonce:"n"}' | chat-send -c forgot -u alice | jq -r .id)" != "$id" ]
}
wait_for again
cp before.cursor forgot.cursor
exits 0 'and given again when the nonce is forgotten' "${bot[@]}"
is "$(answers forgot | xargs)" '1 1 1' 'is not answered twice: the past tells the answer'

cd "$TOP" || exit 1
done_testing
