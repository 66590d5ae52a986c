#!/bin/bash
#
# The mistakes that people make first are answered with what helps.

. tests/lib.sh

text='{"type":"text","text":"hi"}'
many='JSON over several lines; jq -c makes it one message a line'
array='an array; jq -c '\''\.\[\]'\'' makes it one message a line'

# ---- JSON in another layout ----

echo "$text" | jq . | exits 1 'chat-validate: a message over several lines' chat-validate
is "$(<"$ERR")" "chat-validate: -: $many" 'it is said what makes a line of it'
echo "[$text]" | exits 1 'an array of messages' chat-validate
like "$(<"$ERR")" "^chat-validate: -: $array\$" 'is told as one'
jq -n "[range(20000) | $text]" >"$TMP/laid-out"
exits 1 'a large file' chat-validate -j 2 "$TMP/laid-out"
is "$(<"$ERR")" "chat-validate: $TMP/laid-out: $many" 'once a file, by several threads too'
echo "$text" | jq . | exits 1 'quietly' chat-validate -q
is "$(cat "$OUT" "$ERR")" '' 'nothing is said'
{ echo "$text" && echo '{'; } | exits 1 'a line that is broken later' chat-validate
is "$(<"$ERR")" '' 'is a finding and no more'

serve -q
echo "$text" | jq . | exits 65 'chat-send: a message over several lines' chat-send
like "$(<"$ERR")" "line 1: bad_json: .* \($many\)" 'likewise'
echo "[$text]" | exits 65 'an array' chat-send
like "$(<"$ERR")" "line 1: bad_message: .* \($array\)" 'likewise'

# ---- text where messages are read ----

echo 'hello there' | exits 65 'plain text on stdin' chat-send
like "$(<"$ERR")" 'line 1: bad_json: .* \(lines of text are sent with -l\)' 'names the option'
echo '{"message":"x"}' | exits 65 'another name for the text' chat-send
like "$(<"$ERR")" 'line 1: bad_message: /type: is missing \(a text is \{"text":"\.\.\."\}\)' 'names the field'
echo '{"type":"text"}' | exits 65 'no text' chat-send
like "$(<"$ERR")" 'line 1: bad_message: /text: is missing$' 'names what is missing'
is "$(jq -r .field "$OUT")" /text 'also in the receipt'

# ---- secrets on the command line ----

for command in chat-send chat-listen chat-serve; do
	for option in '--token s3cret' '--token=s3cret' '--tok s3cret'; do
		read -ra words <<<"$option"
		exits 64 "$command $option" "$command" "${words[@]}"
		unlike "$(<"$ERR")" s3cret 'the secret is not said again'
	done
	exits 64 "$command --token" "$command" --token s3cret
	like "$(<"$ERR")" '^chat-[a-z]*: --token: others see what is on a command line: put it into a file \(--token' 'it is said where one belongs'
	unlike "$("$command" --help)" '--token[ =]' 'it is no option of --help'
done

# ---- values in the wrong place ----

exits 64 '--reply 2' chat-send --reply 2 hi
is "$(head -n 1 "$ERR")" 'chat-send: --reply 2: the number of answers is written --reply=2; before a text of that number, --reply=1' 'is not the text "2 hi"'
exits 124 'with the equals sign' chat-send --reply=1 -W 1s 2 hi
is "$(jq -r .content "$OUT")" '2 hi' 'it is'
exits 64 'a URL for --listen' chat-serve --listen ws://localhost:3001/ops
is "$(head -n 1 "$ERR")" 'chat-serve: ws://localhost:3001/ops is a URL; the address in it is localhost:3001' 'is told with the address'

for origin in foo '*' https://app.example.com/ https://app.example.com:443 'https://a b' ://x app.example.com:8080; do
	exits 64 "chat-serve --origin $origin" chat-serve -l 127.0.0.1:0 --origin "$origin"
	is "$(head -n 1 "$ERR")" "chat-serve: --origin '$origin': browsers send https://app.example.com or http://app.example.com:8080, without a path or the usual port" \
		'it is said what one is'
done
for origin in https://app.example.com http://app.example.com:8080 'http://[::1]:3000' null chrome-extension://abcdefgh; do
	exits 66 "$origin is one" chat-serve -l 127.0.0.1:0 --tls-cert "$TMP/none" --origin "$origin"
done
for option in -W0 --timeout=0s; do
	exits 64 "chat-send $option" chat-send "$option" hi
	is "$(head -n 1 "$ERR")" "chat-send: --timeout '${option#*[=W]}': too small, the least is 1 ms" 'is not for ever'
	exits 64 "chat-listen $option" chat-listen "$option"
done

# ---- who we are ----

# under_name LOGIN COMMAND…: runs it as a user that the system does not know.
under_name() {
	LOGNAME=$1 unshare -U --map-user=54321 "${@:2}"
}

if unshare -U --map-user=54321 true 2>/dev/null; then
	login=christopher-montgomery-jones
	exits 64 'a login name over 20 characters' under_name $login chat-send hi
	is "$(head -n 1 "$ERR")" 'chat-send: the login name has 28 characters, a username has at most 20: give a username, or set CHAT_USERNAME' \
		'is not cut'
	exits 0 'with a username' under_name $login chat-send -u chris hi
	exits 0 'a login name of 20' under_name christopher-mont-abc chat-send hi
	is "$(jq -r .sender "$OUT")" christopher-mont-abc 'is the username'
else
	true
	ok 'a login name over 20 characters # SKIP no user namespaces'
fi

# ---- too few open files ----

# with_files N COMMAND…
with_files() (ulimit -n "$1" && exec "${@:2}")

for most in 6 10 63; do
	exits 69 "chat-serve: $most open files" with_files $most chat-serve -l 127.0.0.1:0
	is "$(<"$ERR")" "chat-serve: only $most files may be open (ulimit -n): the server takes up to 64, and one more for each connection" \
		'it is said how many'
done
exits 69 'chat-send: too few to connect' with_files 4 chat-send hi
like "$(head -n 1 "$ERR")" 'Too many open files \(ulimit -n' 'it is said what failed'
exits 0 'ten' with_files 10 chat-send hi

# ---- more than a newcomer is told ----

seq 60 | chat-send -lq -c past
exits 0 'chat-listen: more messages than the server tells' chat-listen -c past -n 200 --no-follow --history=flat -t message
is "$(lines "$OUT")" 50 'those that it tells'
is "$(<"$ERR")" "chat-listen: ${CHAT_URL}past: the server tells who joins its last 50 messages, not 200 (--since all: all that it has)" \
	'and that there are more, and how they come'
exits 0 'all that it tells' chat-listen -c past -n 50 --no-follow
is "$(<"$ERR")" '' 'is what was asked for'
exits 0 'more than was ever said' chat-listen -c none -n 200 --no-follow
is "$(<"$ERR")" '' 'is all that there is'
exits 0 'more than that, from the beginning' chat-listen -c past -n 55 --since all --no-follow --history=flat -t message
is "$(lines "$OUT") $(<"$ERR")" '55 ' 'is told'

# ---- said twice ----

exits 64 'chat-listen: --url and an operand' chat-listen -U "$CHAT_URL" "${CHAT_URL}ops"
like "$(head -n 1 "$ERR")" "^chat-listen: --url and the operand ${CHAT_URL}ops: give the URL once, or all as operands\$" \
	'it is said what to do'
done_testing
