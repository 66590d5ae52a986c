#!/bin/bash
#
# chat-validate reports the same findings in each format, with rejects, threads, scanners and progress.

. tests/lib.sh
cd "$TMP" || exit

good='{"type":"text","text":"grün"}'
bad='{"type":"text","grün":0,"text":1}'
printf '%s\n%s\n' "$good" "$bad" >'a:b,c.ndjson'
printf '%s\n' "$good" >good.ndjson

# ---- formats ----

exits 1 'github' chat-validate --format github 'a:b,c.ndjson'
is "$(cat "$OUT")" \
	'::error file=a%3Ab%2Cc.ndjson,line=2,col=32,title=bad_message::/text: expected string, got number' \
	'is a workflow command, its properties escaped'
exits 1 'with more than is shown' chat-validate --format github --max-errors 1 'a:b,c.ndjson' 'a:b,c.ndjson'
is "$(lines "$OUT")" 2 'each file has its own'
exits 1 'with --stats' chat-validate --format github --stats 'a:b,c.ndjson' good.ndjson
is "$(tail -n 1 "$OUT")" '::notice::3 lines, 2 valid, 1 invalid, 1 findings' 'ends with a notice of the counts'

exits 66 'tap' chat-validate --format tap good.ndjson 'a:b,c.ndjson' missing '#.ndjson'
is "$(grep -v '^#' "$OUT")" "\
TAP version 13
ok 1 - good.ndjson
not ok 2 - a:b,c.ndjson
1..2" 'has a test for each file that can be read'
like "$(cat "$OUT")" '# a:b,c.ndjson:2:33: error: /text' 'and says what is wrong with it'
echo "$bad" >'#.ndjson'
exits 1 'a name that could be a directive' chat-validate --format tap '#.ndjson'
like "$(cat "$OUT")" 'not ok 1 - _.ndjson' 'is none'
exits 1 'tap with counts' chat-validate --format tap --stats good.ndjson 'a:b,c.ndjson'
like "$(cat "$OUT")" '# valid: 2' 'has them as comments'
exits 1 'tap' chat-validate --format tap good.ndjson 'a:b,c.ndjson'
cp "$OUT" some.tap
prove --exec cat some.tap >"$TMP/prove" 2>&1
like "$(cat "$TMP/prove")" 'Failed 1/2 subtests' 'prove understands it'

exits 1 'sarif' chat-validate --format sarif 'a:b,c.ndjson' good.ndjson '#.ndjson'
is "$(jq -c '[.version, (.runs[0].results | length), .runs[0].columnKind]' "$OUT")" \
	'["2.1.0",2,"unicodeCodePoints"]' 'is one document'
is "$(jq -c '.runs[0].results[0] | [.ruleId, .message.text, (.locations[0] |
	.physicalLocation.artifactLocation.uri, .physicalLocation.region, .logicalLocations[0].fullyQualifiedName)]' "$OUT")" \
	'["bad_message","/text: expected string, got number","a%3Ab%2Cc.ndjson",{"startLine":2,"startColumn":32},"/text"]' \
	'with the places, columns in characters'
exits 0 'sarif of nothing' chat-validate --format sarif good.ndjson
is "$(jq -c '.runs[0].results' "$OUT")" '[]' 'has no results'

# ---- rejects ----

printf '%s\r\n\n%s\n  %s \n%s' "$good" "$bad" "$good" "$bad" >mixed
exits 1 'rejects' chat-validate --rejects rejected mixed
printf '%s\n%s' "$bad" "$bad" | cmp -s - rejected
ok 'hold the bad lines byte for byte'
is "$(grep -c error "$OUT")" 2 'and the findings come as ever'
exits 1 'with --filter' chat-validate -q --filter --rejects rejected mixed
printf '%s\r\n  %s \n' "$good" "$good" | cmp -s - "$OUT"
ok 'the good ones pass'
printf '%s\n%s' "$bad" "$bad" | cmp -s - rejected
ok 'and the others are kept'
exits 73 'a file that cannot be' chat-validate --rejects missing/rejected mixed
exits 74 'a full disk' chat-validate --rejects /dev/full mixed
cp mixed same && ln -s same alias
exits 64 'rejects that are the log itself' chat-validate --rejects alias good.ndjson same
same same mixed 'leave it as it is'

# ---- threads and scanners ----

for ((i = 0; i < 3000; i++)); do printf '%s\n%s\n' "$good" "$good"; done >many
for ((i = 0; i < 300; i++)); do cat many && printf '%s\n' "$bad"; done >big
CHAT_VALIDATE_SCAN=none chat-validate --max-errors 0 --stats big | grep -v '^rate' >want
for scan in avx512 avx2 sse2 neon plain; do
	CHAT_VALIDATE_SCAN=$scan chat-validate good.ndjson 2>/dev/null || continue
	CHAT_VALIDATE_SCAN=$scan chat-validate --max-errors 0 --stats big | grep -v '^rate' >got
	same got want "$scan finds the same"
done
for jobs in 2 5; do
	chat-validate -j "$jobs" --max-errors 0 --stats big | grep -v '^rate' >got
	same got want "$jobs threads find the same"
done
yes 1 | head -n 600000 >ones # more findings in a block than a thread keeps
chat-validate --max-errors 0 --stats ones | grep -v '^rate' | cksum >want
for jobs in 2 5; do
	chat-validate -j "$jobs" --max-errors 0 --stats ones | grep -v '^rate' | cksum >got
	same got want "$jobs threads find as many"
done
exits 1 'few findings of many' chat-validate --jobs=3 --max-errors 7 --stats big
is "$(grep -c ': error: ' "$OUT")" 7 'as many as asked for'
like "$(cat "$OUT")" 'big: note: 293 more not shown.*findings: 300' 'and exact counts'
CHAT_VALIDATE_SCAN=mmx exits 64 'a scanner that there is not' chat-validate good.ndjson
exits 64 'no thread at all' chat-validate -j 0 good.ndjson

# ---- memory ----

# most FILE [OPTION]: the most memory, in KiB, of a process that has read it from a pipe and waits for more.
mkfifo pipe
most() {
	exec 8<>pipe
	spawn chat-validate -q ${2+"$2"} <pipe 8>&-
	cat "$1" >&8
	wait_for "grep -q 'State:.*sleeping' /proc/$!/status"
	awk '/^VmHWM:/ { print $2 }' "/proc/$!/status"
	exec 8>&-
	ends $! 1 "it has read $1" >&2
}

# said COUNT: so many messages of ten users in two channels, in order but for the last one.
said() {
	awk -v count="$1" 'BEGIN {
		for (i = 1; i <= count; i++)
			printf "{\"type\":\"message\",\"id\":\"%d\",\"sender\":\"a\",\"content\":\"b\",\"timestamp\":%d,\"channel\":\"/%d\",\"senderId\":\"s%d\"}\n",
				i == count ? 1 : i + 1, i, i % 2, i % 10
	}'
}

if ! nm "$BUILD/chat-validate" | grep -qE '__(asan|tsan)_'; then
	small=$(most 'a:b,c.ndjson' 2>/dev/null) big=$(most big 2>/dev/null)
	[ "$big" -gt 500 ] && [ "$((big - small))" -lt 1024 ]
	ok "a big file takes no more memory ($big KiB) than a small one ($small KiB)"
	said 100 >few-said && said 100000 >many-said
	small=$(most few-said --state 2>/dev/null) big=$(most many-said --state 2>/dev/null)
	[ "$big" -gt 500 ] && [ "$((big - small))" -lt 1024 ]
	ok "with --state many messages take no more memory ($big KiB) than few ($small KiB)"
fi

# ---- progress ----

cat big big big >long # which takes some seconds without a scanner
/usr/bin/python3 - >"$TMP/drawn" <<'END'
import os, pty, subprocess, sys
master, slave = pty.openpty()
out, into = os.pipe()
env = dict(os.environ, CHAT_VALIDATE_SCAN="none")
child = subprocess.Popen(["chat-validate", "-j", "1", "long"], stdout=into, stderr=slave, env=env)
os.close(slave)
os.close(into)
drawn = b""
try:
    while True:
        piece = os.read(master, 4096)
        if not piece:
            break
        drawn += piece
except OSError:
    pass
child.wait()
sys.stdout.buffer.write(drawn)
END
like "$(tr '\r' '\n' <"$TMP/drawn")" 'long \[#* *\] +[0-9]+% [0-9.]+ MB/s' 'a terminal shows how far it is'
like "$(tail -c 4 "$TMP/drawn" | od -An -c | tr -d ' ')" '033\[K$' 'and is left clean'
TERM=dumb CHAT_VALIDATE_SCAN=none script -qec 'chat-validate -j 1 long >/dev/null' /dev/null >"$TMP/drawn"
is "$(cat "$TMP/drawn")" '' 'a terminal that obeys no escape sequences shows nothing'
exits 1 'no terminal' chat-validate big
is "$(cat "$ERR")" '' 'no progress'

done_testing
