#!/bin/bash
#
# chat-cookbook(7), BOTS: each bot runs as it is printed. It answers with a text and with a file, answers after it was
# killed what was asked while it was away, and two instances of it answer once. Jobs are done once.

LIMIT=180
. tests/lib.sh
. tests/examples.sh

ln -s /usr/bin/python3 "$TMP/bin/python3"
PATH=$TMP/bin:$PATH

# answers ID: the answers to this message.
answers() {
	jq -c --arg id "$1" 'select(.replyTo == $id)' "$SERVE_OUT"
}

# answered TEXT: asks it, waits for the answer and prints it, as a line of JSON.
answered() {
	chat-send -u alice --reply --full-receipts -W 20s "$1" | jq -c 'select(.replyTo)'
}

text_of() {
	answered "$1" | jq -r .content
}

# asks TEXT: says it and prints its id.
asks() {
	chat-send -u alice "$1" | jq -r .id
}

# knows ID: all cursor files of the example are at this message.
knows() {
	[ "$(jq -r .since bot.cursor another/bot.cursor | sort -u)" = "$1" ]
}

# answers_with QUESTION REGEX, sends_file QUESTION NAME REGEX: what the bot answers.
answers_with() {
	like "$(text_of "$1")" "$2" "$1 is answered"
}

sends_file() {
	local answer
	answer=$(answered "$1")
	is "$(jq -r .file.name <<<"$answer")" "$2" "$1 is answered with a file"
	jq -r .file.data <<<"$answer" | base64 -d >file
	is "$(jq -r .file.size <<<"$answer")" "$(stat -c %s file)" 'of the size that it says'
	like "$(<file)" "$3" 'which has the lines'
}

# dies: the bot is killed, with its listener.
dies() {
	{
		kill -KILL -- "-$running"
		wait "$running"
	} 2>/dev/null
	forget "$running"
}

# lives_again QUESTION: killed, and started again, the bot answers what was asked in the meantime.
lives_again() {
	local id
	dies
	id=$(asks "$1")
	starts
	wait_for "[ -n \"\$(answers $id)\" ]"
	is "$(answers "$id" | wc -l)" 1 "it dies, $1 is asked, it lives again and answers"
}

# answer_once QUESTION: so do two instances.
answer_once() {
	local ids='' another n id
	mkdir another
	spawn bash -c "cd another && $example" >another/out 2>another/err
	another=$!
	wait_for '[ -s another/bot.cursor ]'
	for n in 1 2 3 4 5; do
		ids+=" $(asks "$1")"
	done
	wait_for "knows '$(asks 'that is all')'"
	ok 'both have heard all' || diag "$(cat bot.cursor another/bot.cursor err another/err)"
	is "$(for id in $ids; do answers "$id" | wc -l; done | xargs)" '1 1 1 1 1' 'two instances answer each question once'
	stop "$another"
	stop "$running"
}

# ---- the bots ----

shell_bot() {
	begins
	answers_with '!load' 'load average: [0-9]'
	answers_with '!load' 'load average: [0-9]'
	sends_file '!disk' disk.txt 'Filesystem.*/dev/sda'
	asks '$(touch evil); `touch evil`' >id
	asks $'!load\n$(touch evil)' >id
	lives_again '!load'
	is "$(find . -name evil)" '' 'no shell reads what is said'
	answer_once '!load'
}

awk_bot() {
	begins
	answers_with '!roll 2d6' '^([2-9]|1[0-2])$'
	answers_with '!roll 9d1' '^9$'
	sends_file '!rolls' rolls.txt $'^[0-9]+\n9$'
	rm rolls.txt
	asks '!rolls' >id
	nothing=$(asks '!roll \ "2d6"')
	lives_again '!roll 1d1'
	is "$(answers "$nothing")" '' 'what is no question is not answered'
	answer_once '!roll 2d6'
}

python_bot() {
	local slow fast nothing
	begins
	nothing=$(asks '!asked')
	slow=$(asks '!wait 1')
	fast=$(asks '!wait 0')
	wait_for "[ -n \"\$(answers $fast)\" ]"
	is "$(answers "$slow" | jq -r .content)" 'waited 1' 'a slow question is answered'
	[[ $(answers "$slow" | jq -r .id) < $(answers "$fast" | jq -r .id) ]]
	ok 'before a fast one that came after it'
	is "$(answers "$nothing")" '' 'what has no answer has none'
	sends_file '!asked' asked.txt $'^!wait 1\n!wait 0$'
	asks '!wait ²' >id
	asks '!wait -1' >id
	lives_again '!wait 0'
	answer_once '!wait 0'
}

node_bot() {
	begins
	asks '!all' >id
	for name in bob++ carol++ bob++ __proto__++ 'bob ++'; do
		asks "$name" >id
	done
	answers_with '!karma bob' '^2$'
	answers_with '!karma nobody' '^0$'
	sends_file '!all' karma.txt $'^2 bob\n1 carol\n1 __proto__$'
	# It is given again what it has counted already.
	dies
	jq -c --arg id "$(jq -r 'select(.content == "carol++").id' "$SERVE_OUT")" '.since = $id' bot.cursor >cursor
	mv cursor bot.cursor
	starts
	answers_with '!karma bob' '^2$'
	lives_again '!karma bob'
	answer_once '!karma carol'
}

perl_bot() {
	begins
	answers_with '!note buy milk ☕' '^noted$'
	answers_with '!note "and" $bread' '^noted$'
	sends_file '!notes' notes.txt $'^alice: buy milk ☕\nalice: "and" \\$bread$'
	lives_again '!note again'
	sends_file '!notes' notes.txt $'alice: again$'
	answer_once '!note twice'
}

# ---- several ----

# joined USER: how many connections of this user have come.
joined() {
	grep -c " $1" "$SERVE_ERR"
}

twins() {
	local ids='' id n
	begins
	first_twin=$running
	starts
	wait_for '[ "$(joined echobot)" -ge 2 ]'
	for n in 1 2 3 4 5; do
		ids+=" $(asks "!echo $n")"
	done
	chat-send -q -u alice 'that is all'
	stop "$running"
	stop "$first_twin"
	is "$(for id in $ids; do answers "$id" | jq -r .content; done | xargs)" '1 2 3 4 5' 'two instances answer each question once'
	is "$(cat err)" '' 'and complain of nothing'
}

share_jobs() {
	local ids='' id n
	channel=/jobs
	begins
	wait_for '[ "$(joined workers)" -ge 3 ]'
	for n in 6 10 15 21 35 77 '$(touch evil)' 143 221; do
		ids+=" $(chat-send -c jobs -u alice "!factor $n" | jq -r .id)"
	done
	for id in $ids; do
		wait_for "[ \"\$(answers $id | wc -l)\" -ge 2 ]"
	done
	chat-send -q -c jobs -u alice 'that is all'
	is "$(for id in $ids; do answers "$id" | jq -r .content | grep -c 'takes it$'; done | sort | uniq -c | xargs)" '9 1' \
		'each of 9 jobs is taken by one worker'
	is "$(for id in $ids; do answers "$id" | jq -r .content | grep -vc 'takes it$'; done | sort | uniq -c | xargs)" '9 1' 'and done once'
	is "$(for id in $ids; do answers "$id" | jq -r .content | sed -n 's/^\([0-9]*: .*\)/\1/p'; done | tail -n 1)" '221: 13 17' 'rightly'
	is "$(find . -name evil)" '' 'no shell reads a job'
	stop "$running"
	is "$(cat err)" '' 'nobody complains'
}

does=(
	["cat >bot.sh <<'END'"]=shell_bot
	["cat >bot.awk.sh <<'END'"]=awk_bot
	["cat >bot.py <<'END'"]=python_bot
	["cat >bot.js <<'END'"]=node_bot
	["cat >bot.pl <<'END'"]=perl_bot
	['export CHAT_USERNAME=echobot CHAT_ID=echobot']=twins
	["cat >worker <<'END'"]=share_jobs
)

try_page man/chat-cookbook.7 'BOTS'
all_met 7

done_testing
