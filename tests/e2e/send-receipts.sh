#!/bin/bash
#
# A receipt of chat-send is what the server said about this very message, and not about another.

. tests/lib.sh

helper lying-server.py "$TMP/lying"
lying=$(cat "$TMP/lying")

text='{"text":"hello","replyTo":"000001"}'
file='{"file":{"name":"a.txt","type":"text/plain","size":6,"data":"aGVsbG8K"}}'
true='{"text":"true word"}'

# ---- servers that lie ----

printf '%s\n' "$text" "$file" "$true" | exits 0 'a server that tells the truth' chat-send -U "$lying/honest"
is "$(jq -r .content "$OUT" | paste -sd,)" 'hello,a.txt,true word' 'is believed'

while read -r lie said; do
	printf '%s\n' "${!said}" "$true" | exits 2 "another $lie ($said)" chat-send -U "$lying/$lie"
	is "$(jq -r '.content // "\(.type) \(.line)"' "$OUT" | paste -sd,)" '$unknown 1,true word' 'is no receipt'
	like "$(cat "$ERR")" 'line 1: may or may not .*: the server.s answer is not what was said' 'which is told, by the line'
done <<'END'
content text
replyTo text
other text
other file
name file
mime file
size file
data file
END
printf '%s\n' '{"text":"one"}' '{"text":"two"}' '{"text":"three"}' |
	exits 2 'the message that had the nonce before' chat-send -U "$lying/first"
is "$(jq -r '.content // .type' "$OUT" | paste -sd,)" 'one,$unknown,$unknown' 'is the receipt of the first alone'
exits 124 'what somebody else says with our nonce' chat-send -U "$lying/sender" -W 1s hello
is "$(jq -r .type "$OUT")" '$unknown' 'is nothing to us'
exits 2 'an answer to a message that is not ours' chat-send -U "$lying/content" --reply hello
is "$(jq -r .type "$OUT")" '$unknown' 'is not waited for'
exits 0 'what is said while the past comes, and falls into a gap of it' chat-send -U "$lying/gap" -W 60s hello
is "$(jq -r .content "$OUT")" hello 'is said again, with its nonce, and acknowledged'
exits 1 'nonce_reused' chat-send -U "$lying/reused" hello
is "$(jq -r '"\(.type) \(.code) \(.line)"' "$OUT")" 'error nonce_reused 1' 'is a refusal'

# ---- a plain server ----

helper plain-server.js "$TMP/plain"
plain=$(cat "$TMP/plain")
mkfifo "$TMP/input"
spawn bash -c 'exec chat-send -U "$0" -u alice --ack echo <"$1" >"$2"' "$plain" "$TMP/input" "$TMP/receipts"
sender=$!
exec 8>"$TMP/input"
printf '%s\n' "$file" '{"text":"hello"}' >&8
exec 8>&-
ends "$sender" 0 'a plain server tells what it likes of a file'
is "$(jq -r .content "$TMP/receipts" | paste -sd,)" 'a.txt,hello' 'but its name, and a text is none'

# ---- the same nonce again, on a server of ours ----

serve --history 50
printf '%s\n' '{"text":"one","nonce":"n"}' '{"text":"two","nonce":"n"}' '{"text":"three"}' |
	exits 1 'a nonce with another content' chat-send -u alice
is "$(jq -r '.content // .code' "$OUT" | paste -sd,)" 'one,nonce_reused,three' 'is refused, and the others go'
first=$(head -n 1 "$OUT")
echo '{"text":"one","nonce":"n"}' | exits 0 'with the same content' chat-send -u alice
is "$(cat "$OUT")" "$first" 'it is the same message'
echo '{"text":"\u006fne","nonce":"\u006e"}' | exits 0 'however that is written' chat-send -u alice
is "$(cat "$OUT")" "$first" 'too'

done_testing
