#!/bin/bash
#
# The pipelines of README.md and chat(7), exactly as written there, do what they are for, with the real
# jq.

. tests/lib.sh

cd "$TMP" || exit 1
serve
server_a=$CHAT_URL
log=$SERVE_OUT

# said TEXT: the server has a message with this content.
said() {
	jq -e --arg text "$1" 'select(.type == "message" and .content == $text)' "$log" >/dev/null
}

# here NAME: the user is in the channel.
here() {
	jq -se --arg name "$1" 'map(select(.type == "userStatus" and .username == $name)) | last.online' "$log" >/dev/null
}

# ---- a disk that is full, and one that is not ----

df() {
	printf 'Filesystem 1024-blocks Used Available Capacity Mounted\n/dev/sda 100 %d 0 %d%% /\n' "$1" "$1"
}

df 95 / | awk 'NR==2 && $5+0>90 {print "disk " $5}' | chat-send -l >receipts
ok 'an alert is sent'
is "$(jq -r .content receipts)" 'disk 95%' 'and accepted'
said 'disk 95%'
ok 'and heard'
df 20 / | awk 'NR==2 && $5+0>90 {print "disk " $5}' | CHAT_URL=ws://127.0.0.1:1/ chat-send -l
ok 'nothing to say needs no server'
command df -P / | awk 'NR==2 && $5+0>101 {print "disk " $5}' | chat-send -l
ok 'the real df fits'

# ---- a bot ----

# shellcheck disable=SC2034 # CHAT_USERNAME is for the programs
spawn bash -c '
	export CHAT_USERNAME=helpbot
	chat-listen --no-self |
	jq --unbuffered -c '\''select(.type=="message" and (.content|test("^!ping\\b"))) | {type:"text",text:"pong \(.sender)",replyTo:.id}'\'' |
	chat-send' >bot.receipts
bot=$!
wait_for 'here helpbot'
ok 'the bot is there'
id=$(chat-send -u alice '!ping' | jq -r .id)
wait_for 'said "pong alice"'
ok 'it answers'
is "$(jq -r 'select(.content == "pong alice") | .replyTo' "$log")" "$id" 'to the question'
chat-send -u alice '!ping once more' >receipts
wait_for '[ "$(grep -c "\"pong alice\"" "$log")" -ge 2 ]'
ok 'every time'
kill -0 "$bot"
ok 'and lives on'
stop "$bot"

spawn chat-listen -u execbot --exec jq --unbuffered -c 'select(.type=="message" and (.content|test("^!ping\\b"))) | {type:"text",text:"pong \(.sender)",replyTo:.id}'
bot=$!
wait_for 'here execbot'
chat-send -u carol '!ping' >receipts
wait_for 'said "pong carol"'
ok 'a bot as one command answers'
is "$(jq -r 'select(.content == "pong carol") | .sender + " " + .replyTo' "$log")" "execbot $(jq -r .id receipts)" \
	'as itself, to the question'
stop "$bot"

# ---- a log that is checked while it is written ----

log_it='chat-listen -c ops -u logger -C "$1" --cursor-file ops.cur | tee -a ops.ndjson | chat-validate --from server'
spawn bash -c "$log_it" bash 4 >findings
logger=$!
wait_for 'here logger'
chat-send -c ops -u alice for the log >receipts
printf 'one\ntwo\n' | chat-send -c ops -u alice -l >receipts
ends "$logger" 0 'every line of a listener is valid'
is "$(lines ops.ndjson) $(lines findings)" '4 0' 'and written down'
is "$(jq -r 'select(.type == "message") | .content' ops.ndjson | paste -sd,)" 'for the log,one,two' 'in order'
chat-send -c ops -u alice while nobody logs >receipts
printf '%s\n' three four | chat-send -c ops -u alice -l >receipts
exits 0 'it goes on where it ended' bash -c "$log_it" bash 4
is "$(jq -r 'select(.type == "message") | .content' ops.ndjson | paste -sd,)" \
	'for the log,one,two,while nobody logs,three,four' 'without a gap and without a repeat'

# ---- waiting for an event ----

spawn bash -c "chat-listen -u waiter -W 300s | jq -en --unbuffered 'first(inputs|select(.type==\"message\" and .content==\"deploy done\"))' >/dev/null && echo next-step >stepped"
waiter=$!
wait_for 'here waiter'
chat-send -u alice deploy begun >receipts
chat-send -u alice deploy 'done' >receipts
ends "$waiter" 0 'the event comes, and the pipeline ends'
is "$(cat stepped)" next-step 'the next step is taken'
exits 4 'no event is no output to jq' bash -c \
	"chat-listen -W 300ms | jq -en --unbuffered 'first(inputs|select(.type==\"message\" and .content==\"never\"))' >/dev/null"

# ---- a bridge ----

serve
server_b=$CHAT_URL
B=$server_b CHAT_URL=$server_a CHAT_USERNAME=bridge spawn bash -c '
	chat-listen --no-loop -t message | jq --unbuffered -c '\''{type:"text",text:("<\(.sender)> \(.content)"[0:1000]),id,channel,via,hops}'\'' | CHAT_URL=$B chat-send' >bridge.receipts
bridge=$!
log=$TMP/serve.0.out
wait_for 'here bridge'
log=$SERVE_OUT
export CHAT_URL=$server_a
chat-send -u alice over the river >receipts
wait_for 'said "<alice> over the river"'
ok 'a bridge carries a message to the other server'
printf '%01000d\n' 0 | chat-send -u alice -l >receipts
wait_for "said \"\$(printf '<alice> %0992d' 0)\""
ok 'and cuts what would be too long there'
stop "$bridge"

# ---- a directory ----

mkdir src dst
seq 20000 >src/numbers
cp "$TOP/LICENSE" src
spawn bash -c 'chat-listen -u taker --save-files inbox -t message -C1 --history=none | jq -r .file.path' >taken
taker=$!
log=$TMP/serve.0.out
wait_for 'here taker'
tar cz src | chat-send -u alice -f - --name src.tgz >receipts
ok 'a directory is sent'
is "$(jq -r '.content, .file.name, .file.type' receipts | paste -sd' ')" 'src.tgz src.tgz application/gzip' 'by its name and type'
ends "$taker" 0 'and taken'
is "$(cat taken)" inbox/src.tgz 'as a file'
tar xzC dst -f inbox/src.tgz && diff -r src dst/src
ok 'the same directory'

# ---- logs ----

mkdir logs
cp "$TMP/serve.0.out" logs/a.ndjson
cp ops.ndjson logs/b.ndjson
exits 0 'logs are valid' chat-validate --from server logs/*.ndjson
echo '{"type":"message","id":1}' >>logs/b.ndjson
exits 1 'or not' chat-validate --from server logs/*.ndjson
like "$(head -n 1 "$OUT")" '^logs/b\.ndjson:9:[0-9]+: error: /id: ' 'and it is said where'
exits 1 'the same for a workflow' chat-validate --from server --format github logs/*.ndjson
like "$(cat "$OUT")" '^::error file=logs/' 'which shows them beside the line'
chat-validate --from server --format json logs/*.ndjson | jq -r .code | sort | uniq -c | sort -rn >counts
like "$(head -n 1 counts)" '[0-9]+ bad_message' 'by number'

printf '%s\n' '{"type":"text","text":"good"}' '{"type":"text","text":""}' '{"type":"text","text":"too"}' |
	chat-validate --from input --filter 2>findings | chat-send -u alice >receipts
is "$(jq -r .content receipts | paste -sd,)" good,too 'only what is right passes the valve'

# ---- an application's log ----

: >app.ndjson
mkfifo pipe
spawn bash -c "tail -F app.ndjson 2>/dev/null | jq --unbuffered -c '{type:\"text\",text:.msg}' >pipe"
serve --stdin <pipe
log=$SERVE_OUT
echo '{"level":"warn","msg":"disk is slow"}' >>app.ndjson
wait_for 'said "disk is slow"'
ok 'a line of a log becomes a message'
is "$(jq -r 'select(.type == "message") | .sender' "$log")" server 'of the server'
is "$(chat-listen --no-follow --history=flat -t message | jq -r .content)" 'disk is slow' 'that clients see'

cd "$TOP" || exit 1
done_testing
