#!/bin/bash
#
# chat-send reads its input from the right place, in each of its forms, for the right channel.

. tests/lib.sh

serve -q

# ---- stdin by its name ----

echo '{"text":"one"}' | exits 0 'chat-send - reads messages from stdin' chat-send -
is "$(jq -r .content "$OUT")" one 'as without words'
echo two | exits 0 'also with -l' chat-send -l -
is "$(jq -r .content "$OUT")" two 'lines of text'
exits 0 'among words it is one' chat-send a - b
is "$(jq -r .content "$OUT")" 'a - b' 'of them'
exits 64 'with a file' chat-send -f /etc/hostname -
like "$(cat "$ERR")" '^chat-send: - reads messages from stdin: --file' 'it is refused, not forgotten'

# ---- a valve in front of it ----

printf '%s\n' '{"text":"a"}' '{"text":' '{"type":"message"}' '{"file":{"name":"a.txt","type":"text/plain","size":6,"data":"aGVsbG8K"}}' \
	'{"type":"init","username":"mallory","id":"m"}' '{"type":"text","text":"b"}' '{"txt":"c"}' >"$TMP/lines"
chat-validate --from input --filter <"$TMP/lines" 2>"$TMP/findings" | exits 0 'what --from input passes is what chat-send takes' chat-send
is "$(jq -r .content "$OUT" | paste -sd,)" 'a,a.txt,b' 'a bare text and a bare file too'
is "$(cut -d: -f2 "$TMP/findings" | paste -sd,)" '2,3,5,7' 'and the others are told'
like "$(grep '^-:5:' "$TMP/findings")" 'chat-send says "init" by itself; expected one of text, file' 'with their reason'

/usr/bin/python3 - tests/corpus/{valid,invalid}/*.json >"$TMP/corpus" <<'END'
import json, sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        line = file.read().replace(b"\n", b"")
    sys.stdout.buffer.write(line + b"\n")
    try:
        bare = json.loads(line)
    except (ValueError, RecursionError):
        continue
    if isinstance(bare, dict):
        print(json.dumps({k: v for k, v in bare.items() if k != "type"}), flush=True)
END
exits 1 'of a corpus of right and wrong messages some are refused' chat-send <"$TMP/corpus"
jq -r 'select(.type == "error") | "\(.line)d"' "$OUT" >"$TMP/refused"
sed -f "$TMP/refused" "$TMP/corpus" | tr -d '\r' | grep -av '^[[:space:]]*$' >"$TMP/taken"
[ "$(lines "$TMP/taken")" -gt 50 ]
ok 'many are taken, and no receipt is in doubt'
exits 0 'the valve passes each that is taken' chat-validate --from input "$TMP/taken"
exits 64 'with --state' chat-validate --from input --state
like "$(cat "$ERR")" '^chat-validate: --from input is about lines for chat-send' 'it is refused'

# ---- bytes that are no text ----

/usr/bin/python3 - "$TMP/bytes" "$TMP/texts" <<'END'
import random, sys
random.seed(7)
parts = [bytes([b]) for b in range(1, 256) if b not in (10, 13)]
parts += [b"\xe2\x82", b"\xf0\x9f\x99", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", "é".encode(), "🙂".encode(), b"log "]
lines = [b"latin \xe9t\xe9", b"\x00 nul \x00", b"\xff", b"all is well"]
lines += [b"".join(random.choices(parts, k=random.randint(1, 30))) for _ in range(2000)]
with open(sys.argv[1], "wb") as f, open(sys.argv[2], "w") as g:
    for line in lines:
        f.write(line + b"\n")
        g.write(line.decode("utf-8", "replace").replace("\0", "\ufffd") + "\n")
END
exits 0 'a log feed of any bytes goes on with --replace' chat-send -q -T -l --replace <"$TMP/bytes"
same "$OUT" "$TMP/texts" 'with U+FFFD where it is not UTF-8'
exits 65 'without it' chat-send -q -l <"$TMP/bytes"
like "$(head -n 1 "$ERR")" 'line 1: bad_utf8' 'such lines are refused'
printf 'x\377%.0s' {1..600} | exits 0 'with --split' chat-send -l --replace --split
is "$(jq -r '.content | length' "$OUT" | paste -sd,)" 1000,200 'it is replaced before it is cut'
exits 0 'words' chat-send --replace $'caf\xe9'
is "$(jq -r .content "$OUT")" 'caf�' 'too'
exits 64 'lines of JSON' chat-send --replace
like "$(cat "$ERR")" '^chat-send: --replace is for words and --lines' 'are JSON or not'

# ---- a line's own channel ----

printf '%s\n' '{"text":"a","channel":"/ops"}' '{"channel":"\u006fps","text":"b"}' '{"channel":null,"text":"c"}' '{"text":"d"}' |
	exits 0 'a line that names the channel of the connection' chat-send -c ops
is "$(jq -r '.channel + " " + .content' "$OUT" | paste -sd,)" '/ops a,/ops b,/ops c,/ops d' 'is said there'
printf '%s\n' '{"text":"a","channel":"/ops"}' '{"text":"b","channel":"/"}' '{"text":"c","channel":7}' '{"file":{},"channel":"/"}' '{"text":"d"}' |
	exits 65 'a line that names another one' chat-send
is "$(jq -r '.content // "\(.code) \(.field)"' "$OUT" | paste -sd,)" \
	'bad_message /channel,b,bad_message /channel,bad_message /file/name,d' 'is refused, and the others go'
is "$(head -n 1 "$ERR")" 'chat-send: line 1: bad_message: /channel: is not the channel of this connection, which is /: chat-send -c names it' 'with a word'
echo '{"text":"a","channel":"/ops","channel":"/"}' | exits 65 'also where it names two' chat-send
echo '{"text":"a","\u0063hannel":"/ops"}' | exits 65 'and however it does' chat-send
echo '{"id":"1","channel":"/elsewhere","text":"carried"}' | exits 0 'beside an id' chat-send
is "$(jq -r '"\(.channel) \(.content)"' "$OUT")" '/ carried' 'it says where the line comes from'
chat-listen --no-follow --history flat -t message -c ops >"$TMP/log"
exits 0 'a log that is sent again' chat-send --replay "$TMP/log" -c copy
is "$(jq -r '.channel + " " + .content' "$OUT" | paste -sd,)" '/copy a,/copy b,/copy c,/copy d' 'goes where the connection is'

done_testing
