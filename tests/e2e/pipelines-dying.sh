#!/bin/bash
#
# The server dies while the pipelines of README.md and chat(7) run: it is killed and started again on its
# port, with its journal, or stays away. What was acknowledged is kept, what was not is named, and nothing
# hangs.

LIMIT=240
. tests/lib.sh

cd "$TMP" || exit 1

# A server that comes back where it was.
begin() {
	serve --journal "$TMP/journal.$1" --grace 0
	address=${CHAT_URL#ws://}
	address=${address%/}
	journal=$TMP/journal.$1
	log=$SERVE_OUT
}

die() {
	slay "$SERVE_PID"
}

come_back() {
	serve_at "$address" --journal "$journal" --grace 0
	log=$SERVE_OUT
}

# here NAME: the user is in the channel of the server that runs now.
here() {
	jq -se --arg name "$1" 'map(select(.type == "userStatus" and .username == $name)) | last.online' "$log" >/dev/null
}

# kept TEXT: how often the journal has it.
kept() {
	cat "$journal"/*.ndjson | jq -r --arg text "$1" 'select(.content == $text) | 1' | wc -l
}

# ---- the bot that answers ----

begin bot
# shellcheck disable=SC2034 # CHAT_USERNAME is for the programs
spawn bash -c '
	export CHAT_USERNAME=helpbot
	chat-listen --no-self |
	jq --unbuffered -c '\''select(.type=="message" and (.content|test("^!ping\\b"))) | {type:"text",text:"pong \(.sender)",replyTo:.id}'\'' |
	chat-send; echo "${PIPESTATUS[*]}" >bot.status' >bot.receipts 2>bot.err
bot=$!
wait_for 'here helpbot'
chat-send -q -u alice '!ping'
wait_for '[ "$(kept "pong alice")" -eq 1 ]'
ok 'the bot answers'
die
come_back
wait_for 'here helpbot' 20
ok 'it comes back with the server'
chat-send -q -u carol '!ping'
wait_for '[ "$(kept "pong carol")" -eq 1 ]' 20
ok 'and answers'
is "$(kept 'pong alice')" 1 'what it had answered it does not answer again'
stop "$bot"

spawn chat-listen -u execbot --exec jq --unbuffered -c 'select(.type=="message" and (.content|test("^!ping\\b"))) | {type:"text",text:"exec pong \(.sender)",replyTo:.id}'
bot=$!
wait_for 'here execbot'
die
come_back
wait_for 'here execbot' 20
chat-send -q -u dora '!ping'
wait_for '[ "$(kept "exec pong dora")" -eq 1 ]' 20
ok 'so does a bot in one command'
stop "$bot"

spawn bash -c 'chat-listen --retry-for 1s -u mortal | jq --unbuffered -c "{type:\"text\",text:\"x\"}" | cat >/dev/null
	echo "${PIPESTATUS[*]}" >mortal.status' 2>mortal.err
bot=$!
wait_for 'here mortal'
die
ends "$bot" 0 'without its server a bot ends' 20
is "$(cat mortal.status)" '69 0 0' 'by the status of what has lost it'
like "$(cat mortal.err)" '^chat-listen: ws://' 'which says so'

# ---- the alert ----

df() {
	printf 'Filesystem 1024-blocks Used Available Capacity Mounted\n/dev/sda 100 95 0 95%% /\n'
}

df | awk 'NR==2 && $5+0>90 {print "disk " $5}' | chat-send -l >receipts 2>errors
is "${PIPESTATUS[*]}" '0 0 69' 'an alert to nobody is an error'
is "$(jq -r .type receipts)" '$unsent' 'and known to be unsent'
(df | awk 'NR==2 && $5+0>90 {print "disk " $5}' | chat-send -l --retry-for 20s >receipts 2>errors; echo "${PIPESTATUS[2]}" >status) &
come_back
wait_for '[ -s status ]' 20
is "$(cat status) $(jq -r .content receipts) $(kept 'disk 95%')" '0 disk 95% 1' 'with --retry-for it waits, and is there once'

# ---- the log ----

spawn bash -c 'chat-listen -u logger -t message --cursor-file ops.cur --retry-for 30s | tee -a ops.ndjson | chat-validate --from server
	echo "${PIPESTATUS[*]}" >log.status' >findings 2>log.err
logger=$!
wait_for 'here logger'
for n in 1 2 3 4 5; do
	chat-send -q -u alice "before $n"
done
wait_for 'grep -q "before 5" ops.ndjson'
die
come_back
wait_for 'here logger' 20
for n in 1 2 3 4 5; do
	chat-send -q -u alice "after $n"
done
wait_for 'grep -q "after 5" ops.ndjson' 20
jq -r 'select(.content|test("^(before|after)")).content' ops.ndjson >heard
printf '%s\n' before\ {1..5} after\ {1..5} | cmp - heard
ok 'a log goes on, each message once'
stop "$logger"
is "$(cat findings)" '' 'every line of it valid'

# ---- waiting for an event ----

spawn bash -c "chat-listen -u waiter -W 60s | jq -en --unbuffered 'first(inputs|select(.type==\"message\" and .content==\"deploy done\"))' >/dev/null && echo next-step >stepped"
waiter=$!
wait_for 'here waiter'
die
come_back
wait_for 'here waiter' 20
chat-send -q -u alice deploy 'done'
ends "$waiter" 0 'the event comes after all' 20
is "$(cat stepped)" next-step 'the next step is taken'
spawn bash -c "chat-listen -u doomed -W 60s --retry-for 1s 2>doomed.err | jq -en --unbuffered 'first(inputs|select(.content==\"never\"))' >/dev/null; echo \"\${PIPESTATUS[*]}\" >doomed.status"
waiter=$!
wait_for 'here doomed'
die
ends "$waiter" 0 'no server, no event' 20
is "$(cat doomed.status)" '69 4' 'and it is known why'

# ---- the bridge ----

come_back
source_url=$CHAT_URL source_address=$address source_journal=$journal source_pid=$SERVE_PID source_log=$log
begin far
far_url=$CHAT_URL
B=$far_url CHAT_URL=$source_url spawn bash -c '
	chat-listen -u bridge --history=none -t message | jq --unbuffered -c '\''{type:"text",text:("<\(.sender)> \(.content)"[0:1000])}'\'' |
	CHAT_URL=$B chat-send -u bridge' >bridge.receipts 2>bridge.err
bridge=$!
far_pid=$SERVE_PID far_address=$address far_journal=$journal
log=$source_log
wait_for 'here bridge'
chat-send -U "$source_url" -q -u alice first
journal=$far_journal
wait_for '[ "$(kept "<alice> first")" -eq 1 ]'
ok 'a bridge carries'
slay "$far_pid"
chat-send -U "$source_url" -q -u alice second
serve_at "$far_address" --journal "$far_journal"
wait_for '[ "$(kept "<alice> second")" -eq 1 ]' 20
ok 'what was said while the far side was dead comes over, once'
slay "$source_pid"
serve_at "$source_address" --journal "$source_journal" --grace 0
log=$SERVE_OUT
wait_for 'here bridge' 20
chat-send -U "$source_url" -q -u alice third
wait_for '[ "$(kept "<alice> third")" -eq 1 ]' 20
ok 'and on when the near side was'
is "$(cat "$far_journal"/*.ndjson | jq -r 'select(.type == "message").content' | paste -sd,)" \
	'<alice> first,<alice> second,<alice> third' 'each once, in order'
stop "$bridge"

# ---- a directory ----

journal=$source_journal address=$source_address
export CHAT_URL=$source_url
mkdir src dst
head -c 200000 /dev/urandom >src/noise
spawn bash -c 'chat-listen -u taker --save-files inbox -t message -C1 --history=none | jq -r .file.path' >taken 2>taker.err
taker=$!
wait_for 'here taker'
die
rm status
(tar cz src | chat-send -u alice -f - --name src.tgz --retry-for 20s >receipts 2>errors; echo "${PIPESTATUS[*]}" >status) &
come_back
wait_for '[ -s status ]' 20
is "$(cat status)" '0 0' 'a directory is sent when there is a server again'
ends "$taker" 0 'and taken' 20
tar xzC dst -f "$(cat taken)" && diff -r src dst/src
ok 'whole'
die
tar cz src | chat-send -u alice -f - --name again.tgz >receipts 2>errors
is "${PIPESTATUS[*]}" '0 69' 'to no server it is not'
is "$(jq -r .type receipts)" '$unsent' 'and that is said'

cd "$TOP" || exit 1
done_testing
