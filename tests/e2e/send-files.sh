#!/bin/bash
#
# The receipt for a file says that the file was accepted, and which one; it does not contain the file.

. tests/lib.sh

serve --history 50
head -c 100000 /dev/urandom >"$TMP/photo.jpg"
sum=$(sha256sum <"$TMP/photo.jpg" | cut -d' ' -f1)

exits 0 'a file is sent' chat-send -f "$TMP/photo.jpg"
[ "$(wc -c <"$OUT")" -lt 1000 ]
ok 'its receipt is a line that people can read'
is "$(jq -c '.file | [.name, .size, .omitted, .sha256, has("data")]' "$OUT")" \
	"[\"photo.jpg\",100000,true,\"$sum\",false]" 'it names the file, and has the digest of its bytes, not the bytes'
is "$(jq -r '"\(.type) \(.content) \(.channel)"' "$OUT")" 'message photo.jpg /' 'all else is the message of the server'
cp "$OUT" "$TMP/brief"
exits 0 'the protocol knows that shape' chat-validate --strict --from server "$TMP/brief"
chat-validate --schema --from server >"$TMP/schema"
like "$(jq -r '.. | objects | .sha256? // empty | .description' "$TMP/schema")" 'of the data that was left out' 'and so does the schema'

exits 0 'with --full-receipts' chat-send --full-receipts -f "$TMP/photo.jpg"
jq -r .file.data "$OUT" | base64 -d | cmp -s - "$TMP/photo.jpg"
ok 'the data is in the receipt'
is "$(jq -c '.file | keys' "$OUT")" '["data","name","size","type"]' 'as the server told it'

# ---- wherever the file comes from ----

echo '{"text":"one"}
{"file":{"name":"a.txt","type":"text/plain","size":6,"data":"aGVsbG8K"}}
{"file":{"data":"aGVs\u0062\/8","type":"text\/plain","size":5,"name":"\u0061"},"replyTo":"0"}' >"$TMP/lines"
exits 0 'files among lines of JSON' chat-send <"$TMP/lines"
is "$(jq -r '.file.sha256 // "-"' "$OUT" | paste -sd' ')" \
	"- $(echo hello | sha256sum | cut -d' ' -f1) $(printf 'helo\377' | sha256sum | cut -d' ' -f1)" 'the digest is of the bytes, however they are written'
is "$(jq -r '.file.data // empty' "$OUT")" '' 'none has the data'
chat-listen -n 2 --no-follow --history=flat -t message >"$TMP/log"
exits 0 'a log that is sent again' chat-send --replay "$TMP/log"
is "$(jq -r '.file.sha256' "$OUT" | cut -c1-8 | paste -sd' ')" "$(echo hello | sha256sum | cut -c1-8) $(printf 'helo\377' | sha256sum | cut -c1-8)" 'likewise'
exits 0 'with --tee' chat-send --tee <"$TMP/lines"
is "$(jq -c 'del(.type)' "$OUT")" "$(jq -c . "$TMP/lines")" 'a file is printed as it was given'

helper plain-server.js "$TMP/plain"
exits 0 'on a plain server' chat-send -U "$(cat "$TMP/plain")" -u alice --ack echo -f "$TMP/photo.jpg"
is "$(jq -r '.file.data // empty' "$OUT")" '' 'no receipt has the data either'

# ---- on a terminal ----

# on_terminal FILE ARGUMENT…: chat-send with a terminal as stdin, stdout and stderr.
on_terminal() {
	local drawn=$1
	shift
	/usr/bin/python3 - "$@" >"$drawn" <<'END'
import os, pty, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp("chat-send", ["chat-send", *sys.argv[1:]])
drawn = b""
try:
    while piece := os.read(master, 4096):
        drawn += piece
except OSError:
    pass
sys.stdout.buffer.write(drawn.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}

on_terminal "$TMP/drawn" hello there
is $? 0 'words are sent from a terminal'
is "$(jq -r '"\(.type) \(.content)"' "$TMP/drawn")" 'message hello there' 'the receipt is shown there as in a pipe'
is "$(lines "$TMP/drawn")" 1 'and nothing else'
on_terminal "$TMP/drawn" -f "$TMP/photo.jpg"
is "$(jq -r '.file.sha256' "$TMP/drawn")" "$sum" 'that of a file too, without its data'
on_terminal "$TMP/drawn" -q hello there
is "$? $(cat "$TMP/drawn")" '0 ' 'with -q nothing is said'
on_terminal "$TMP/drawn" -q ''
is "$? $(cat "$TMP/drawn")" '65 chat-send: message 1: text_empty: /text: expected 1 to 1000 characters, got 0' 'but what went wrong'

done_testing
