#!/bin/bash
#
# libchat-client as other programs use it: the example bot, in C and as C++, answers each question once although
# the server is killed and started again; a bot in Python's asyncio has its descriptor in a loop of its own.

. tests/lib.sh
. tests/helpers/certs.sh

cd "$TMP" || exit 1
# An instrumented library wants its run-time.
read -ra sanitize < <(grep -oE -e '-fsanitize=[^ ]*|--coverage' "$BUILD/flags" | head -n 1)
ln -s "$BUILD/libchat-client.so.0" libchat-client.so
ln -s "$BUILD/libchat.so.0" libchat.so
export LD_LIBRARY_PATH=$BUILD
libraries=(-L"$TMP" -lchat-client -lchat)

sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$TOP/man/chat-client.3" | sed '/^\.[BE]d/d; s/\\e/\\/g' >say.c
cp "$TOP/lib/examples/bot.c" .

# builds NAME SOURCE COMPILER…: the example is built without a warning.
builds() {
	exits 0 "$1 is built" "${@:3}" "${sanitize[@]}" -Wall -Werror -I"$TOP/lib" -o "$1" "$2" -x none "${libraries[@]}"
}

for name in bot say; do
	builds "$name" "$name.c" cc -std=c99 -Wextra -pedantic
	! command -v clang-14 >/dev/null || builds "$name-clang" "$name.c" clang-14 -std=c99 -Wextra -pedantic
	! command -v g++ >/dev/null || builds "$name++" "$name.c" g++ -x c++
done
[ -e bot++ ] || cp bot bot++
[ "$(lines bot.c)" -le 40 ]
ok 'the bot has 40 lines'
is "$(readelf -d bot | sed -n 's/.*NEEDED.*\[\(libchat.*\)\]/\1/p' | sort | paste -sd' ')" \
	'libchat-client.so.0 libchat.so.0' 'it needs both libraries by their versioned names'

# ---- a server that is killed in the middle ----

# answers: the ids of the questions that the bot has answered, with how often.
answers() {
	chat-listen --since all --no-follow -t message | jq -r 'select(.content == "pong") | .replyTo' | sort | uniq -c
}

# ask COUNT: asks; the ids of the questions are added to the file.
ask() {
	yes '!ping' | head -n "$1" | chat-send -l --username asker --retry-for 30s | jq -r .id >>questions
}

# survives BOT: asks while the server is killed and started again.
survives() {
	local bot=$1 port asker
	rm -rf journal questions
	serve --journal journal
	port=${CHAT_URL##*:}
	echo '!ping' | chat-send -l --username asker >/dev/null # before the bot came
	spawn "./$bot" "$CHAT_URL" 2>"$bot.err"
	bot_pid=$!
	wait_for 'chat-listen --no-follow -t userData | jq -e "any(.users[]; .username == \"pingbot\")" >"$OUT"'
	ask 300 &
	asker=$!
	wait_for '[ "$(grep -c pong "$SERVE_OUT")" -ge 50 ]'
	slay "$SERVE_PID"
	serve_at "127.0.0.1:${port%/}" --journal journal
	wait "$asker"
	ask 50
	is "$(lines questions)" 350 "$bot: all questions were accepted"
	wait_for '[ "$(answers | wc -l)" -ge 350 ]' 30
	answers | awk '{ print $1, $2 }' >answered
	sort questions | sed 's/^/1 /' | diff - answered >"$OUT"
	ok "$bot: each question is answered once, although the server was killed; what was before is not" ||
		diag "$(cat "$OUT")"
	is "$(cat "$bot.err")" '' "$bot: and it has nothing to say"
	stop "$bot_pid"
	stop "$SERVE_PID"
}

survives bot
survives bot++

exits 64 'a wrong URL is told' ./bot http://localhost/
like "$(cat "$ERR")" 'ws://' 'in words'
exits 69 'a server that is not there, too' ./bot ws://127.0.0.1:1/

# ---- the example of the manual ----

serve
exits 0 'the example of chat-client(3) sends a text' ./say 'from the manual'
is "$(cat "$OUT")" "$(chat-listen --no-follow --since all -t message | jq -r 'select(.content == "from the manual") | .id')" \
	'and prints its id'
exits 1 'it fails where no text is taken' ./say ''
CHAT_URL=ws://127.0.0.1:1/ exits 1 'and where nobody listens' ./say hello

# ---- TLS and tokens, by the environment ----

make_ca ca && make_cert server "$LOCAL_NAMES"
ok 'certificates' || diag "$(cat "$TMP/openssl")"
chat-serve --new-token alice >alice.json
jq -r .line alice.json >tokens
chmod 600 tokens
serve --tokens tokens --tls-cert server.pem --tls-key server.key
exits 1 'a server whose certificate is not trusted' ./say hello
exits 1 'is not spoken to by the bot either' bash -c './bot 2>&1 | tee /dev/stderr | grep -q "says whom to trust" && exit 1'
unlike "$(cat "$ERR")" '--' 'and nobody is told of the options of a command'
export CHAT_CACERT=ca.pem
exits 1 'nor without a token' ./say hello
CHAT_USERNAME=alice CHAT_TOKEN=$(jq -r .token alice.json) exits 0 'with both the text is accepted' ./say hello
unset CHAT_CACERT

# ---- a loop of somebody else ----

if [[ ${sanitize[*]-} = -fsanitize* ]]; then # Python has not its run-time
	done_testing
	exit
fi
serve
chat-listen -t message -C 12 --username reader >heard &
reader=$!
spawn /usr/bin/python3 "$TOP/tests/helpers/asyncio-bot.py" "$BUILD/libchat-client.so.0" "$CHAT_URL" 'how are you?' fine 6 \
	>asyncio.out 2>asyncio.err
bot_pid=$!
wait_for 'chat-listen --no-follow -t userData |
	jq -e "[.users[].username] | contains([\"asyncbot\", \"reader\"])" >"$OUT"'
for _ in 1 2 3 4 5 6; do
	chat-send 'how are you?' >"$OUT"
done
wait "$bot_pid"
is $? 0 'asyncio: the bot ends by itself' || diag "$(cat asyncio.err)"
forget "$bot_pid"
wait "$reader"
is "$(jq -r 'select(.content == "how are you?") | .id' heard | sort | paste -sd' ')" \
	"$(jq -r 'select(.content == "fine") | .replyTo' heard | sort | paste -sd' ')" 'it has answered each question'
like "$(cat asyncio.out)" 'beats [1-9]' 'and its loop went on'

done_testing
