#!/bin/bash
#
# chat-listen --from-log prints a log as it would print the channel that the log is of.

. tests/lib.sh
cd "$TMP" || exit

said() { # SECONDS CONTENT
	printf '{"type":"message","id":"m%s","sender":"alice","content":"%s","timestamp":%s000}\n' "$1" "$2" "$1"
}

# ---- a file ----

{
	said 1700000000 one
	echo '{"type":"userStatus","userId":"b","username":"bob","online":true}'
	said 1700000060 'two\u001b[31m'
	said 1700090000 three
	echo '{"type":"history","messages":['"$(said 1700090001 four)"']}'
	echo '{"type":"$gap","after":"m1"}'
} >log
exits 0 'a log is shown to people' chat-listen --human --from-log log
is "$(<"$OUT")" '--- Tue 2023-11-14
22:13:20 <alice> one
* <bob> is here
22:14:20 <alice> two\x1b[31m
--- Wed 2023-11-15
23:13:20 <alice> three
23:13:21 <alice> four
{"type":"$gap","after":"m1"}' 'as it was, with the days'
exits 0 'without --human' chat-listen --from-log log
same "$OUT" log 'it is the log'
exits 0 'filtered' chat-listen --from-log log -t userStatus,history
is "$(jq -r .type "$OUT" | paste -sd,)" userStatus,history 'by type'
exits 0 'to a count' chat-listen --human --from-log log -C 2
is "$(tail -n 1 "$OUT")" '* <bob> is here' 'of lines'
exits 0 'colours when asked for' chat-listen --human --color always --from-log log
like "$(<"$OUT")" $'\e\\[2m22:13:20' 'are there'

{ said 1 a && echo nonsense && said 2 b && echo '{"type":"message"}'; } >damaged
exits 65 'lines that are none' chat-listen --human --from-log damaged
like "$(<"$ERR")" 'line 2: bad_json.*'$'\n''.*line 4: bad_message: /id: is missing' 'are said by their numbers'
is "$(grep -c '<alice>' "$OUT")" 2 'and the others are shown'
exits 66 'no such file' chat-listen --from-log nowhere
exits 64 'a log and a server' chat-listen --from-log log ws://localhost/
exits 0 'an empty log' chat-listen --human --from-log /dev/null

# ---- the files of a log ----

sent() { # ID NAME SIZE DATA
	jq -nc --arg id "$1" --arg name "$2" --argjson size "$3" --arg data "$4" '{type: "message", $id, sender: "alice", content: $name,
		timestamp: 0, file: {$name, type: "text/plain", $size, $data}}'
}
{ sent 1 a.txt 3 b25l && sent 2 ../a.txt 3 dHdv && said 3 none && sent 4 lie.txt 5 b25l; } >files
exits 0 'the files of a log are saved' chat-listen --from-log files --save-files saved
is "$(jq -r '.file.path // "-"' "$OUT" | paste -sd' ')" 'saved/a.txt saved/a.1.txt - -' 'the lines have their paths'
is "$(cat saved/a.txt saved/a.1.txt)" onetwo 'and they are there'
is "$(<"$ERR")" 'chat-listen: line 4: a file whose size is not that of its data' 'but not one whose size lies'
exits 0 'of some lines' chat-listen --from-log files --save-files some -q -C 1
is "$(<"$OUT")$(ls some)" a.txt 'and nothing is printed'
exits 64 '--quiet with no files' chat-listen --from-log files -q
exits 73 'a folder that cannot be' chat-listen --from-log files --save-files files
(ulimit -f 1 && exec chat-listen --from-log <(sent 1 large 3000 "$(head -c 4000 /dev/zero | tr '\0' A)" && said 2 x) --save-files full) >shown 2>"$ERR"
is $? 74 'a full disk ends it'
like "$(<"$ERR")" 'full/large: File too large' 'says why'
is "$(cat shown && ls -A full)" '' 'and leaves nothing'

# ---- a log that grows ----

cp log growing
spawn bash -c 'tail -c +1 -f growing | chat-listen --human --from-log -' >shown
tailing=$!
wait_for '[ "$(lines shown)" -eq 8 ]'
said 1700090002 five >>growing
wait_for 'grep -q "five$" shown'
ok 'each line is shown when it comes'
stop "$tailing"
yes "$(said 3 x)" | head -n 200000 | chat-listen --from-log - | head -n 1 >first
is "${PIPESTATUS[2]}" 141 'a reader that goes ends it'

# ---- logs of the four commands ----

serve -v
spawn chat-listen >listened
listener=$!
wait_for '[ "$(lines listened)" -ge 2 ]'
echo hello | chat-send -u alice -l >receipts
wait_for 'grep -q hello listened'
stop "$listener"
for log in "$SERVE_OUT" listened receipts; do
	exits 0 "the log $(basename "$log")" chat-listen --human --from-log "$log"
	like "$(<"$OUT")" '<alice> hello' 'shows what was said'
done
done_testing
