#!/bin/bash
#
# chat-listen --exec runs a command that reads and answers messages on one connection.

. tests/lib.sh

serve --grace 0s

# here NAME: the user is in the channel.
here() {
	jq -se --arg name "$1" 'map(select(.type == "userStatus" and .username == $name)) | last.online' \
		"$SERVE_OUT" >/dev/null
}

# said TEXT: how often the server has it.
said() {
	jq -r 'select(.type == "message") | .content' "$SERVE_OUT" | grep -cxF -- "$1"
}

# ---- the bot in one line ----

chat-send -u alice '!ping of the past' >"$TMP/receipts"
spawn chat-listen -u helpbot --exec jq --unbuffered -c 'select(.type=="message" and (.content|test("^!ping\\b"))) | {type:"text",text:"pong \(.sender)",replyTo:.id}'
bot=$!
wait_for 'here helpbot'
exits 0 'a question and its answer' chat-send -u alice --reply '!ping' -W 10s
is "$(jq -r .content "$OUT" | paste -sd,)" '!ping,pong alice' 'are both printed'
is "$(jq -rs '.[0].id == .[1].replyTo' "$OUT")" true 'the one names the other'
is "$(said 'pong alice')" 1 'old questions are not answered'
kill -TERM "$bot"
ends "$bot" 143 'the bot ends by a signal'

# ---- how it ends ----

exits 7 'the status of the command is ours' chat-listen -u quits --exec sh -c 'read -r line; exit 7'
exits 137 'a signal of it too' chat-listen -u quits --exec sh -c 'kill -9 $$'
exits 127 'a command that is not there' chat-listen --exec no-such-command
like "$(cat "$ERR")" '^chat-listen: no-such-command: no such command in the folders of PATH$' 'is named'
exits 127 'a command line as one word' chat-listen --exec 'jq -c .'
like "$(cat "$ERR")" 'jq -c \.: No such file or directory: the command and its arguments are words of their own' 'is explained'
exits 126 'one that cannot be executed' chat-listen --exec ./README.md
exits 126 'nor can a folder' chat-listen --exec /
exits 64 'no command' chat-listen --exec
exits 0 'what it said before it ended' chat-listen -u quits --exec sh -c 'printf "{\"text\":\"a\"}\n{\"text\":\"b\"}"'
is "$(said a) $(said b)" '1 1' 'is said'
exits 0 'the end of its input' chat-listen -u hears -C 2 --exec sh -c \
	'cat >"$0"; echo "{\"text\":\"last words\"}"' "$TMP/heard"
is "$(jq -r .type "$TMP/heard" | paste -sd,)" userData,history 'comes after all that was heard'
is "$(said 'last words')" 1 'and lets it say its last words'
exits 3 'a command that does not listen' chat-listen -u deaf --exec sh -c \
	'exec <&-; echo "{\"text\":\"deaf\"}"; exit 3'
is "$(said deaf)" 1 'may speak'
exits 124 'a command that does not end' chat-listen -u stays -W 100ms --exec sh -c \
	'trap "" TERM; while :; do read -r line <"$0"; done' "$TMP/never"
exits 0 'nonsense' chat-listen -u babbles --exec sh -c 'echo nonsense; echo "{\"text\":\"sense\"}"'
like "$(cat "$ERR")" '^chat-listen: sh: line 1: bad_json' 'is told by its line'
is "$(said sense)" 1 'and not what ends it'
exits 0 'its descriptors' chat-listen -u holds --exec sh -c 'ls /proc/self/fd >"$0"' "$TMP/fds"
is "$(paste -sd, "$TMP/fds")" 0,1,2,3 'are its own (3 is the folder that ls reads)'

# The environment and descriptors that a command gets, and what stays behind after it.
CHAT_TOKEN=secret CHAT_TOKEN_FILE=$TMP/none CHAT_USERNAME=holds exits 0 'its environment' \
	chat-listen --exec sh -c 'env >"$0"' "$TMP/env"
is "$(grep -c '^CHAT_TOKEN' "$TMP/env")" 0 'has no token in it'
is "$(grep -c '^CHAT_USERNAME=holds$' "$TMP/env")" 1 'and all else'
grandchild='trap "" HUP; echo $$ >"$0"; while :; do read -r line <"$1"; done'
exits 5 'a command that leaves a child behind' chat-listen -u leaves --exec \
	sh -c 'sh -c "$0" "$1" "$2" & until [ -s "$1" ]; do :; done; exit 5' "$grandchild" "$TMP/left" "$TMP/never"
wait_for '! alive "$(cat "$TMP/left")"'
ok 'takes it along'
exits 124 'one whose child does not care for TERM' chat-listen -u stays -W 100ms --exec \
	sh -c 'sh -c "trap \"\" TERM; $0" "$1" "$2" & until [ -s "$1" ]; do :; done; cat >/dev/null' \
	"$grandchild" "$TMP/kept" "$TMP/never"
wait_for '! alive "$(cat "$TMP/kept")"'
ok 'too'
exits 3 'a command in a shell that ignores CHLD' bash -c 'trap "" CHLD; exec chat-listen -u quits --exec sh -c "exit 3"'
spawn chat-listen -u twice --exec sh -c 'trap "" TERM; cat >/dev/null; echo $$ >"$0"
	while :; do read -r line <"$1"; done' "$TMP/twice" "$TMP/never"
bot=$!
wait_for 'here twice'
kill -INT "$bot"
wait_for '[ -s "$TMP/twice" ]' # it has met the end of its input
kill -INT "$bot"
ends "$bot" 130 'a second signal ends it at once'
wait_for '! alive "$(cat "$TMP/twice")"'
ok 'and the command with it'

spawn chat-listen -u again --restart --exec sh -c 'read -r line; echo "{\"text\":\"again\"}"; exit 4' 2>"$TMP/restarts"
wait_for '[ "$(said again)" -ge 1 ]'
wait_for '[ -s "$TMP/restarts" ] && chat-send -q wake up && [ "$(said again)" -ge 2 ]'
ok '--restart starts it again'
stop $!
like "$(head -n 1 "$TMP/restarts")" 'sh: ended with 4; started again' 'and tells'

# ---- a server that goes away ----

port=${CHAT_URL##*:}
spawn chat-listen -u lives --exec jq --unbuffered -c 'select(.type=="message" and .content=="there?")|{text:"here"}' \
	2>"$TMP/lives"
bot=$!
wait_for 'here lives'
slay "$SERVE_PID"
serve_at "127.0.0.1:${port%/}" --grace 0s
wait_for 'here lives'
ok 'the bot comes back'
like "$(cat "$TMP/lives")" 'messages may be missing after' 'and knows that the new server forgot'
exits 0 'and answers' chat-send -u alice 'there?'
wait_for '[ "$(said here)" -eq 1 ]'
ok 'as before'
stop "$bot"

# ---- two bots ----

# hops CHANNEL: the most that a message there has.
hops() {
	jq -s --arg channel "$1" 'map(select(.channel == $channel) | .hops // 0) | max' "$SERVE_OUT"
}

# stopped CHANNEL HOPS NAME: it comes so far, and no further while others speak.
stopped() {
	wait_for "[ \"\$(hops $1)\" -ge $2 ]"
	for _ in 1 2 3; do
		chat-send -c elsewhere barrier >"$TMP/receipts"
		pause
	done
	is "$(hops "$1")" "$2" "$3"
}

for name in left right; do
	spawn chat-listen -u "$name" --exec jq --unbuffered -c \
		'select(.type=="message" and (.content | length) < 100)|{text:("re: " + .content),replyTo:.id}'
	wait_for "here $name"
done
chat-send -u alice go >"$TMP/receipts"
stopped / 8 'two bots that answer each other come to an end'

for name in ups downs; do
	spawn chat-listen -u "$name" -c short --max-hops 2 --exec jq --unbuffered -c \
		'select(.type=="message")|{text:("re: " + .content)[0:100]}'
	wait_for "here $name"
done
chat-send -u alice -c short go >"$TMP/receipts"
stopped /short 2 '--max-hops is obeyed'

# They would never stop if the count were in the nonce: 17,000 messages a second.
for name in yin yang; do
	spawn chat-listen -u "$name" -c nonces --exec jq --unbuffered -c \
		'select(.type=="message")|{text:("re: " + .content)[0:100],nonce:("n-" + .id)}'
	wait_for "here $name"
done
chat-send -u alice -c nonces go >"$TMP/receipts"
stopped /nonces 8 'two bots that make their own nonces come to an end'

# Of one person: each hears the other, neither itself.
for name in one two; do
	spawn chat-listen -u same --id same -c person -v --exec jq --unbuffered -c --arg name "$name" \
		'select(.type=="message")|{text:"\($name): \(.content)"[0:100],nonce:"\($name)-\(.id)"}' 2>"$TMP/$name"
	wait_for 'grep -q "joined as" "$TMP/$name"'
done
chat-send -u same --id same -c person go >"$TMP/receipts"
stopped /person 8 'two bots of the person who speaks, too'
is "$(jq -r 'select(.channel == "/person") | .content' "$SERVE_OUT" | grep -cE 'one: one:|two: two:')" 0 \
	'neither has heard itself'

# A message that claims many hops is not answered; the next one is.
spawn chat-listen -u claims -c claims --exec jq --unbuffered -c 'select(.type=="message")|{text:("re: " + .content),replyTo:.id}'
wait_for 'here claims'
printf '%s\n' '{"text":"far","hops":999}' '{"text":"near"}' | chat-send -u alice -c claims -q
wait_for '[ "$(said "re: near")" -eq 1 ]'
is "$(said 're: far') $(jq -r 'select(.content == "re: near") | .hops' "$SERVE_OUT")" '0 2' \
	'who says that too many programs led to it is not answered, and the next one is'
exits 65 'what is no number of programs' chat-send <<<'{"text":"a","hops":-1}'
exits 65 'or no list of channels, is refused before it is sent' chat-send <<<'{"text":"a","via":"b"}'

# ---- a command that does not read ----

serve --grace 0s --ping-interval 200ms --ping-timeout 500ms
mkfifo "$TMP/silence" && exec 8<>"$TMP/silence"
spawn chat-listen -u busy -v --exec sh -c 'read -r line <"$0"' "$TMP/silence" 2>"$TMP/busy"
busy=$!
wait_for 'here busy'
seq 3000 | chat-send -u alice -lq
# Three times what the server takes for dead: it tells by userStatus who is.
chat-listen -u alice -W "$((1500 * slowness))ms" -t userStatus >"$TMP/gone"
is "$(jq -r 'select(.username == "busy")' "$TMP/gone")" '' 'a command that does not read: pings are answered all the same'
alive "$busy"
ok 'it is still there'
is "$(grep -c 'joined as' "$TMP/busy")" 1 'on one connection'

# ---- a long past ----

# The receipts of the answers come behind the past, and the past is longer than what is buffered. So the
# command's answers must be taken before the receipts of earlier ones have come.
serve --grace 0s --history-keep 20000
long=$(printf '€%.0s' {1..900})
seq 4000 | sed "s/$/ $long/" | chat-send -u alice -lq
spawn chat-listen -u answers --since all --history flat --exec jq --unbuffered -c \
	'select(.type=="message" and .sender=="alice")|{text:("re: " + .content),replyTo:.id}'
wait_for '[ "$(grep -c "\"content\":\"re: " "$SERVE_OUT")" -eq 4000 ]'
ok 'a long past is answered to its end'

done_testing
