#!/bin/bash
#
# chat-validate --state: what each message may be after those before it.

. tests/lib.sh
cd "$TMP" || exit

message() { # ID TIME [CHANNEL]
	printf '{"type":"message","id":"%s","sender":"a","content":"b","timestamp":%s,"channel":"%s","senderId":"s"}\n' \
		"$1" "$2" "${3-/}"
}

status() { # USER ONLINE
	printf '{"type":"userStatus","userId":"%s","username":"abc","online":%s}\n' "$1" "$2"
}

init='{"type":"init","username":"alice","id":"a"}'
text='{"type":"text","text":"hi"}'
refused='{"type":"error","code":"username_taken","message":"taken"}'

# finds WHAT NAME: of stdin; WHAT are line, column, code and field of each finding.
finds() {
	chat-validate --state --format json >"$OUT" 2>"$ERR"
	is "$(jq -r '[.line, .column, .code, .field] | join(" ")' "$OUT")" "$1" "$2"
}

printf '%s\n' "$init" "$text" "$text" | finds '' 'init first'
printf '%s\n' "$text" "$init" "$text" | finds '1 9 not_initialized /type' 'a text before init'
printf '%s\n' "$init" "$init" | finds '2 9 already_initialized /type' 'init twice'
printf '%s\n' "$init" "$refused" "$init" "$text" | finds '' 'and again where it was refused'

{ message m-1 5 && message m-2 5 && message m-3 9; } | finds '' 'ids rise, times do not fall'
{ message m-1 5 && message m-1 5; } | finds '2 24 bad_message /id' 'an id twice'
{ message m-2 5 && message m-3 5 && message m-2 5; } | finds '3 24 bad_message /id' 'an id that was there'
{ message 9 5 && message 10 5; } | finds '' 'numbers sort as numbers'
{ message m-1 5 && message m-2 4; } | finds '2 69 bad_message /timestamp' 'time goes back'
{ message m-2 5 /a && message m-1 4 /b && message m-3 6 /a; } | finds '' 'each channel has its own order'
{ message m-1 5 && message m-2 1.5 && message m-1 5; } |
	finds $'2 69 bad_message /timestamp\n3 24 bad_message /id' 'a line with another finding does not count'

history() {
	printf '{"type":"history","messages":[%s]}\n' "$(paste -sd,)"
}
{ { message m-1 1 && message m-2 2; } | history && message m-3 3; } | finds '' 'a history in order'
{ message m-2 1 && message m-1 2; } | history | finds '1 154 bad_message /messages/1/id' 'and one that is not'
{ { message m-1 1 && message m-2 2; } | history && message m-2 2; } |
	finds '2 24 bad_message /id' 'a repeat between history and the first live message'
{ message m-1 1 && message m-2 2 && { message m-1 1 && message m-2 2; } | history && message m-3 3; } |
	finds '' 'a history may repeat what was said'

here='{"type":"userData","users":[{"id":"a","username":"abc","online":true}]}'
{ echo "$here" && status a false && status b true && status b false; } | finds '' 'users come and go'
status a false | finds '1 31 bad_message /userId' 'nobody goes who was not there'
{ status a true && status a true; } | finds '2 61 bad_message /online' 'nor comes who is there'
{ echo "$here" && status a true; } | finds '2 61 bad_message /online' 'by userData'
{ echo "${here%\}},\"truncated\":true}" && status b false; } | finds '' 'unless that was truncated'
{ message m-1 1 "" && status s false; } | finds '' 'who spoke was there'

message m-1 5 >one
exits 0 'each file is looked at by itself' chat-validate --state one one
cat one one | exits 1 'put together they are one' chat-validate --state
printf '%s\n' "$text" "$init" | exits 1 'with --filter' chat-validate --state --filter
is "$(cat "$OUT")" "$init" 'only lines in their place pass'

# ---- a log that somebody made ----

jq -nc 'range(50000) | {type: "userStatus", userId: "u\(.)", username: "abc", online: true, channel: "/x"}' >users
jq -nc 'range(50000) | {type: "userData", users: []}' >>users
exits 0 '100,000 lines are 100,000 steps: userData does not walk the users of other channels' \
	timeout "$((3 * slowness))" chat-validate --state --from server users

# ---- what a server writes is in order ----

serve --history 10
printf 'one\ntwo\nthree\n' | exits 0 'three messages' chat-send -l
exits 0 'the log of a server' chat-validate --state --from server "$SERVE_OUT"
chat-listen --no-follow >listened
exits 0 'and what a listener gets' chat-validate --state --from server listened
done_testing
