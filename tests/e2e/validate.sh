#!/bin/bash
#
# chat-validate as its users meet it: its findings, its exit statuses, and as a filter in a pipe.

. tests/lib.sh
cd "$TMP" || exit

good='{"type":"text","text":"hi"}'
bad='{"type":"text","text":1}'

# ---- findings ----

cat >ops.ndjson <<END
$good

{"type":"message","id":"1","sender":"a","content":"b","timestamp":"1"}
{"type":"userData","users":[{"id":"a","username":"b","online":true},{"id":"a","username":"b","online":"no"}]}
{"type":"nope"}
$good$good
END
printf '{"type":"text","text":"never end' >>ops.ndjson

exits 1 'a log with bad lines' chat-validate ops.ndjson
is "$(cat "$OUT")" "\
ops.ndjson:3:67: error: /timestamp: expected integer, got string
ops.ndjson:4:103: error: /users/1/online: expected boolean, got string
ops.ndjson:5:9: error: /type: expected one of init, text, file, message, error, userData, userStatus, history
ops.ndjson:6:28: error: a second message on the same line
ops.ndjson:7:33: error: the line ends inside the message" 'every finding has its place'
is "$(cat "$ERR")" '' 'and stderr is silent'

exits 1 'the same as JSON' chat-validate --format json ops.ndjson
is "$(jq -r '[.file, .line, .column, .code, .field] | join(" ")' "$OUT")" "\
ops.ndjson 3 67 bad_message /timestamp
ops.ndjson 4 103 bad_message /users/1/online
ops.ndjson 5 9 unknown_type /type
ops.ndjson 6 28 trailing_data 
ops.ndjson 7 33 bad_json " 'every finding has its code'
is "$(jq -r 'select(.line == 3).message' "$OUT")" 'expected integer, got string' 'and its sentence'

exits 1 'much that is wrong with a line' chat-validate --format json \
	<<<'{"type":"message","id":1,"content":"a","content":"b","timestamp":1.5}'
is "$(jq -r '[.column, .code, .field] | join(" ")' "$OUT")" "\
24 bad_message /id
40 duplicate_key /content
66 bad_message /timestamp
69 bad_message /sender" 'is all said, in order'

exits 1 'who says it matters' chat-validate --from client <<<'{"type":"error","code":"a","message":"b"}'
is "$(cat "$OUT")" '-:1:9: error: /type: only a server says "error"; expected one of init, text, file' \
	'a type of the other direction is said to be one'
exits 0 'and from the server it is valid' chat-validate --from server \
	<<<'{"type":"error","code":"a","message":"b"}'
printf '\357\273\277%s\n' "$good" | exits 1 'a byte-order mark' chat-validate
is "$(cat "$OUT")" '-:1:1: error: a byte-order mark' 'has words of its own'

# ---- what counts as a line ----

printf '%s\r\n%s' "$good" "$good" | exits 0 'CRLF, and no newline at the end' chat-validate
printf '%s\n\n \t\r\n' "$good" | exits 0 'blank lines are skipped' chat-validate --stats
is "$(grep -E '^(lines|valid|blank)' "$OUT" | paste -sd' ')" 'lines: 3 valid: 1 blank: 2' 'and counted'
printf '%s\n\n' "$good" | exits 1 'unless checking is strict' chat-validate --strict
is "$(cat "$OUT")" '-:2:1: error: a blank line' 'which says so'
printf '' | exits 0 'nothing is nothing wrong' chat-validate
printf '{"type":"text","text":"a","x":1,"x":2}\n' >unknown-twice
exits 0 'a key twice that no message defines' chat-validate unknown-twice
exits 1 'is wrong when strict' chat-validate --strict unknown-twice
is "$(cat "$OUT")" 'unknown-twice:1:33: error: the object has this key already' 'and has its place'

{ printf '%s\n' "$good" && head -c 100M /dev/zero | tr '\0' a && printf '\n%s\n' "$bad"; } |
	exits 1 'a line of 100 MiB' chat-validate
is "$(cat "$OUT")" "\
-:2:1: error: a line of more than 67108864 bytes
-:3:23: error: /text: expected string, got number" 'is refused, and the next one is read'
printf '%s\n%s\n' "$good" "$bad" | exits 1 'a limit that all lines exceed' chat-validate --max-line 10
is "$(wc -l <"$OUT")" 2 'refuses them all'
printf '%s\n' "$good" | exits 0 'a limit that just suffices' chat-validate --max-line "${#good}"
printf '%s\n' "$good" | exits 1 'and one byte less' chat-validate --max-line "$((${#good} - 1))"

# ---- how much is said ----

for ((i = 0; i < 250; i++)); do printf '%s\n' "$bad"; done >many
exits 1 'many findings' chat-validate --stats many
is "$(grep -c ': error: ' "$OUT")" 100 'are shown up to a hundred'
like "$(cat "$OUT")" 'many: note: 150 more not shown' 'the others are said to exist'
like "$(cat "$OUT")" 'findings: 250' 'and the counts are exact'
exits 1 'a limit for each file' chat-validate --max-errors 3 many many
is "$(grep -c ': error: ' "$OUT")" 6 'begins anew with each'
exits 1 'no limit' chat-validate --max-errors 0 many
is "$(wc -l <"$OUT")" 250 'shows all'
exits 1 'hidden findings as JSON' chat-validate --format json --max-errors 1 many
is "$(jq -r 'select(.hidden).hidden' "$OUT")" 249 'are counted in an object'
exits 1 'quiet' chat-validate -q many
is "$(cat "$OUT" "$ERR")" '' 'is quiet'

exits 1 'the counts' chat-validate -q --stats ops.ndjson
like "$(cat "$OUT")" $'\nrate: [0-9.]+ MB/s\n' 'with the rate'
is "$(grep -v '^rate: ' "$OUT")" "\
lines: 7
valid: 1
invalid: 5
blank: 1
findings: 5
bytes: $(wc -c <ops.ndjson)
type text: 1
error bad_json: 1
error bad_message: 2
error unknown_type: 1
error trailing_data: 1" 'by type and by error'
printf '%s\n%s\n' "$good" "$bad" | exits 1 'with lines too long' chat-validate -q --stats --max-line 10
like "$(cat "$OUT")" "bytes: $((${#good} + ${#bad} + 2))" 'all bytes are counted'
exits 1 'the counts as JSON' chat-validate -q --stats --format json ops.ndjson
is "$(jq -c '.stats | [.lines, .valid, .invalid, .blank, .findings, .types.text, .errors.bad_message]' "$OUT")" \
	'[7,1,5,1,5,1,2]' 'say the same'

# ---- the valve ----

printf '%s\r\n\n%s\n  %s \n%s' "$good" "$bad" "$good" "$good" >mixed
exits 1 'the valid lines' chat-validate --filter mixed
printf '%s\r\n  %s \n%s' "$good" "$good" "$good" | cmp -s - "$OUT"
ok 'come out byte for byte'
is "$(cat "$ERR")" 'mixed:3:23: error: /text: expected string, got number' 'and the findings on stderr'
exits 1 'the others' chat-validate --invert mixed
printf '%s\n' "$bad" | cmp -s - "$OUT"
ok 'come out likewise'
exits 1 'of two files' chat-validate --filter -q mixed mixed
is "$(grep -c . "$OUT")" 6 'the last line of one and the first of the next stay two'
exits 0 'what comes out of it' chat-validate "$OUT"
printf '\n%s\n' "$good" | exits 1 'strictly, a blank line' chat-validate --strict --invert
printf '\n' | cmp -s - "$OUT"
ok 'is one of the others'

# A line is through before the next one comes, whichever way it goes.
mkfifo to from
for mode in --filter --invert ''; do
	line=$good
	[ "$mode" = --filter ] || line=$bad
	exec 8<>to 9<>from
	# shellcheck disable=SC2086
	spawn chat-validate $mode <to >from 2>"$TMP/live.err" 8>&- 9>&-
	pid=$!
	printf '%s\n' "$line" >&8
	read -r -t 10 -u 9 got
	ok "a live pipe is no dam${mode:+ with $mode}"
	[ -z "$mode" ] || is "$got" "$line" 'and passes the line'
	printf '%s' "${line:0:7}" >&8
	printf '%s\n' "${line:7}" >&8
	read -r -t 10 -u 9 got
	ok 'a line in two pieces comes through too'
	exec 8>&-
	ends "$pid" "$([ "$mode" = --filter ] && echo 0 || echo 1)" 'it ends with its input'
	exec 9>&-
done

# ---- how it ends ----

exits 64 'an option that is none' chat-validate --nope
is "$(wc -l <"$ERR")" 2 'is said in two lines'
exits 64 'a direction that is none' chat-validate --from nobody
exits 64 'a format that is none' chat-validate --format xml
exits 64 'both sides of the valve' chat-validate --filter --invert
exits 64 'a schema of a file' chat-validate --schema mixed
exits 66 'a file that is missing' chat-validate missing many
like "$(cat "$ERR")" '^chat-validate: missing: No such file' 'is said'
is "$(grep -c ': error: ' "$OUT")" 100 'and the other is checked'
exits 66 'a folder' chat-validate . many
like "$(cat "$ERR")" '^chat-validate: \.: Is a directory' 'is no file'
for args in many '--stats mixed' '--filter mixed' --schema; do
	# shellcheck disable=SC2086
	chat-validate $args >/dev/full 2>"$ERR"
	is $? 74 "a full disk: $args"
	like "$(cat "$ERR")" 'chat-validate: stdout: No space left on device' 'is said'
done
chat-validate mixed >&- 2>"$ERR"
is $? 74 'a closed stdout'

for ((i = 0; i < 100; i++)); do cat many; done >much
env --default-signal=PIPE chat-validate --max-errors 0 much 2>"$ERR" | head -n 1 >"$OUT"
is "${PIPESTATUS[0]}" 141 'a gone reader ends it by SIGPIPE'
is "$(cat "$ERR")" '' 'without a word'

exec 7<>"$TMP/never" 9<>from # an input that never comes
spawn chat-validate --filter <&7 >from 9>&-
pid=$!
exec 9>&-
ends "$pid" 141 'a gone reader ends it even when no input comes'
exec 7>&-

# ---- names ----

chat-validate - <many >"$OUT"
like "$(head -n 1 "$OUT")" '^-:1:23: error: ' 'stdin is called -'
cp mixed -- --odd
exits 1 'a name like an option' chat-validate -- --odd
cp mixed $'new\nline \e[31m'
exits 1 'a name that could forge a line' chat-validate $'new\nline \e[31m'
is "$(wc -l <"$OUT")" 1 'forges none'
unlike "$(cat "$OUT")" $'\e' 'and a terminal obeys nothing in it'
cp mixed $'latin\xe9'
exits 1 'a name that is not UTF-8' chat-validate --format json $'latin\xe9'
is "$(jq -r .file "$OUT")" 'latin\xe9' 'is JSON all the same'

# ---- the schema ----

for from in client server any; do
	exits 0 "the schema of $from" chat-validate --schema --from "$from"
	is "$(jq -r '."$schema"' "$OUT")" https://json-schema.org/draft/2020-12/schema 'says which kind it is'
	is "$(jq -c '[.["$defs"] | keys_unsorted[]] == .properties.type.enum' "$OUT")" true 'defines what it names'
done
is "$(jq -r '.["$defs"].init.properties.id.pattern' "$OUT")" '^[a-zA-Z0-9-]+$' 'with the pattern of an id'
jq -e '.["$defs"].file.properties.file.properties.data.pattern as $p |
	all("base64encodedstring", "", "aGk=", "aA"; test($p)) and
	all("***", "a", "aGkha", "a=", "aG k"; test($p) | not)' "$OUT" >/dev/null
ok 'and one for base64'

done_testing
