#!/bin/bash
#
# chat-send with a server of ours: what it sends, what it prints, and how it ends.

. tests/lib.sh

serve --history 500

# ---- words ----

exits 0 'words are one text' chat-send hello there
is "$(jq -r .content "$OUT")" 'hello there' 'and the receipt is the message'
is "$(lines "$OUT")" 1 'one receipt for one message'
is "$(cat "$ERR")" '' 'and nothing on stderr'
printf 'never read\n' >"$TMP/in"
{ chat-send hi >"$OUT" && cat; } <"$TMP/in" >"$TMP/rest"
is "$(cat "$TMP/rest")" 'never read' 'words never touch stdin'
exits 0 'a dash ends the options' chat-send -- -x
is "$(jq -r .content "$OUT")" -x 'and what follows is words'
exits 65 'an empty text is refused here' chat-send ''
is "$(jq -r .code "$OUT")" text_empty 'by its name'
exits 65 '1,001 characters are too many' chat-send "$(printf '\U1F600%.0s' {1..1001})"
is "$(jq -r .code "$OUT")" text_too_long 'by its name'
exits 0 '1,000 characters of four bytes are not' chat-send "$(printf '\U1F600%.0s' {1..1000})"
exits 65 'what is not UTF-8 is refused here' chat-send $'\xff'

# ---- lines of JSON ----

cat >"$TMP/in" <<'END'
{"type":"text","text":"one"}
 {"text":"two \u0041"} 

{"type":"text","text":"three","nonce":"mine"}
END
exits 0 'lines of JSON, with and without type' chat-send <"$TMP/in"
is "$(jq -r .content "$OUT" | paste -sd,)" 'one,two A,three' 'are accepted in order'
like "$(sed -n 2p "$OUT")" '"content":"two \\u0041"' 'as the very bytes that were given'
is "$(jq -r .nonce "$OUT" | tail -n 1)" mine 'a nonce of the user stays'
is "$(jq -r .nonce "$OUT" | sort -u | wc -l)" 3 'the others get one each'
for text in a b a a b; do
	printf '{"type":"text","text":"%s","nonce":"burst-%s"}\n' "$text" "$text"
done | exits 0 'one nonce several times in one burst' chat-send -W 10s
is "$(jq -r .content "$OUT" | paste -sd' ') $(jq -r .id "$OUT" | sort -u | wc -l)" 'a b a a b 2' \
	'each line gets the message that it made, or had made'

cat >"$TMP/in" <<'END'
{"type":"text","text":"good"}
{"type":"text"
{"type":"init","username":"alice","id":"x"}
{"type":"message","id":"1","sender":"a","content":"b","timestamp":1}
{"type":"text","text":"also good","nonce":7}
{"type":"text","text":"also good"}
END
exits 65 'illegal lines are refused' chat-send <"$TMP/in"
is "$(jq -r '.line // "ok"' "$OUT" | paste -sd,)" 'ok,2,3,4,5,ok' 'by number, and the others go'
is "$(jq -r 'select(.line) | .code' "$OUT" | paste -sd,)" \
	'bad_json,already_initialized,unknown_type,bad_message' 'each by its code'
is "$(grep -c '^chat-send: line [2-5]: ' "$ERR")" 4 'and a line of stderr each'
chat-validate --from server -q "$OUT"
ok 'what is printed is messages of a server'

exits 0 'an empty stdin makes no connection' chat-send -U ws://127.0.0.1:1/ </dev/null
printf '\n\n' | exits 0 'nor do blank lines' chat-send -U ws://127.0.0.1:1/
printf '{"text":"cut off"}' | exits 0 'a last line without newline counts' chat-send
is "$(jq -r .content "$OUT")" 'cut off' 'whole'
{ head -c 100000000 /dev/zero | tr '\0' x; echo; echo '{"text":"after"}'; } |
	exits 65 'a line of 100 MB is refused' chat-send
is "$(jq -r '.code // .content' "$OUT" | paste -sd,)" 'too_large,after' 'and the next one goes'

printf ' {"text":"as it was" }\n{"type":"bogus"}\n{"text":"and on"}\n' >"$TMP/in"
exits 65 '--tee' chat-send -T <"$TMP/in"
is "$(cat "$OUT")" $'{"type":"text","text":"as it was" }\n{"type":"text","text":"and on"}' 'prints what was accepted, with its type'
exits 0 'text lines' chat-send -lT <<<'plain é'
is "$(cat "$OUT")" 'plain é' 'likewise'

# ---- lines of text ----

printf 'one\r\n"two"\n\n \xc3\xa9 \nbad \xff\n' | exits 65 'lines of text' chat-send -l
is "$(jq -c '.content // .line' "$OUT" | paste -sd' ')" '"one" "\"two\"" " é " 5' 'are texts as they stand'
seq 1 5000 | exits 0 'five thousand lines through the window' chat-send -l --window 7
is "$(jq -r .content "$OUT" | cmp - <(seq 1 5000) && echo same)" same 'receipts come in the order of the input'
seq 1 10 | exits 0 '--quiet' chat-send -lq
is "$(cat "$OUT")" '' 'prints nothing'

# Each message of a live pipe goes at once.
mkfifo "$TMP/fifo"
spawn bash -c 'exec chat-send -l <"$0"' "$TMP/fifo" >"$TMP/live"
pid=$!
exec 9>"$TMP/fifo"
echo first >&9
wait_for "[ \"\$(lines '$TMP/live')\" = 1 ]"
ok 'a line of a live pipe is acknowledged while the pipe is open'
exec 9>&-
ends "$pid" 0 'and the end of the pipe is the end'

# ---- files ----

printf 'hello\n' >"$TMP/a.txt"
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0' >"$TMP/b c.bin"
exits 0 'files' chat-send --full-receipts -f "$TMP/a.txt" -f "$TMP/b c.bin"
is "$(jq -r '.file | "\(.name) \(.type) \(.size)"' "$OUT" | paste -sd,)" \
	'a.txt text/plain 6,b c.bin image/png 29' 'have a name, a type by their content, a size'
jq -r .file.data "$OUT" | tail -n 1 | base64 -d | cmp - "$TMP/b c.bin"
ok 'and their bytes'
exits 0 'stdin as a file' chat-send -f - --name s.tgz --mime application/gzip <"$TMP/a.txt"
is "$(jq -r '.file | "\(.name) \(.type)"' "$OUT")" 's.tgz application/gzip' 'is what it is said to be'
exits 0 'words and a file' chat-send -f "$TMP/a.txt" look here
is "$(jq -r .content "$OUT" | paste -sd,)" 'look here,a.txt' 'go in this order'
: >"$TMP/empty"
exits 65 'an empty file cannot be sent' chat-send -f "$TMP/empty"
exits 66 'a file that is not there' chat-send -f "$TMP/a.txt" -f "$TMP/none"
is "$(cat "$OUT")" '' 'stops everything before it begins'
exits 66 'a directory' chat-send -f "$TMP"
head -c 900000 /dev/urandom >"$TMP/large"
exits 65 'a file that the server would not take' chat-send -f "$TMP/large"
is "$(jq -r .code "$OUT")" too_large 'is refused by its size'

# ---- who, and where ----

exits 0 'a channel of its own' chat-send -c ops -u 'Zoë Q' --id me-1 hi
is "$(jq -r '"\(.channel) \(.sender) \(.senderId)"' "$OUT")" '/ops Zoë Q me-1' 'and a name and an id'
CHAT_USERNAME=botty CHAT_ID=bot-7 exits 0 'the environment' chat-send hi
is "$(jq -r '"\(.sender) \(.senderId)"' "$OUT")" 'botty bot-7' 'says who, too'
CHAT_USERNAME=botty exits 0 'an option' chat-send -u alice hi
is "$(jq -r .sender "$OUT")" alice 'beats the environment'
one=$(chat-send -u alice a | jq -r .senderId)
is "$(chat-send -u alice b | jq -r .senderId)" "$one" 'the id of a name is always the same'
isnt "$(chat-send -u bob b | jq -r .senderId)" "$one" 'and another for another name'
chat-validate --from any -q "$SERVE_OUT"
ok 'what the server tells is valid'
is "$(jq -r 'select(.type=="userStatus") | .username' "$SERVE_OUT" | head -n 1)" '' 'nobody is announced'
exits 0 '--visible' chat-send --visible -u carol hi
wait_for "grep -q '\"carol\",\"online\":true' '$SERVE_OUT'"
ok 'announces who speaks'

done_testing
