#!/bin/bash
#
# chat-validate --state judges each message by those before it.

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
none='{"type":"userData","users":[]}'
status a false | finds '' 'a log that begins in the middle does not tell who was there'
{ echo "$none" && status a false; } | finds '2 31 bad_message /userId' 'nobody goes who was not there'
{ status a true && status a true; } | finds '2 61 bad_message /online' 'nor comes who is there'
{ echo "$here" && status a true; } | finds '2 61 bad_message /online' 'by userData'
{ echo "${here%\}},\"truncated\":true}" && status b false; } | finds '' 'unless that was truncated'
{ message m-1 1 "" && status s false; } | finds '' 'who spoke was there'

message m-1 5 >one
exits 0 'each file is looked at by itself' chat-validate --state one one
cat one one | exits 1 'put together they are one' chat-validate --state
printf '%s\n' "$text" "$init" | exits 1 'with --filter' chat-validate --state --filter
is "$(cat "$OUT")" "$init" 'only lines in their place pass'

# ---- logs of restarts, reconnections, several channels and servers ----

# with PROPERTIES: of stdin, each line with these properties more.
with() {
	jq -c ". + {$1}"
}

# begins INSTANCE [PROPERTIES]: a userData without users of this memory of a server.
begins() {
	jq -nc "{type: \"userData\", users: [], server: {instance: \"$1\"}} + {${2-}}"
}

{ begins A && status a true && begins A && status a true && status a false; } |
	finds '' 'a restarted server: nobody is there any more'
{ begins A && status a true && message m-2 5 && begins B && status a true && message m-1 4; } |
	finds '' 'and another server has an order of its own'
{ begins A && message m-1 5 && begins A && message m-2 6 && begins A && message m-3 6; } |
	finds '' 'one that goes on with its journal goes on with its order'
{ echo "$here" && message m-1 5 && echo "$here" && message m-1 4; } |
	finds '' 'a server that does not say which it is may be another one each time'
{ begins A '"channel":"/a"' && status a true | with '"channel":"/a"' && begins A '"channel":"/b"' &&
	status a true | with '"channel":"/b"' && status a false | with '"channel":"/a"'; } |
	finds '' 'channels that are listened to by one process'
{ begins A '"url":"ws://a/"' && message m-2 5 | with '"url":"ws://a/"' && begins B '"url":"ws://b/"' &&
	message m-1 4 | with '"url":"ws://b/"' && message m-3 6 | with '"url":"ws://a/"'; } |
	finds '' 'servers that are listened to by one process'
{ begins A '"url":"ws://a/"' && { message m-1 1 && message m-2 2; } | history | with '"url":"ws://a/"' &&
	message m-1 1 | with '"url":"ws://b/"'; } | finds '' 'a history belongs to its URL'
{ message m-7 5 && status x false && message m-8 5 && begins A && status x true; } |
	finds '' 'a log that was cut at a line'
{ begins A && status a true | with '"channel":"/a"' && begins A '"channel":"/a","truncated":true' &&
	status b false | with '"channel":"/a"'; } | finds '' 'a channel that became a crowd'

{ begins A && message m-2 5 && begins A && message m-1 6; } |
	finds '4 24 bad_message /id' 'wrong: an id goes back though the server is the same'
{ begins A && message m-2 5 && begins A && message m-3 4; } |
	finds '4 69 bad_message /timestamp' 'wrong: so does the time'
{ begins A && message m-2 5 && echo "$none" && message m-2 5; } |
	finds '4 24 bad_message /id' 'wrong: a repeat behind a userData that does not name the server'
{ begins A && status a true && begins A && status a false; } |
	finds '4 31 bad_message /userId' 'wrong: who goes has not come again since the restart'
{ begins A && status a true && begins A '"channel":"/b"' && status a true; } |
	finds '4 61 bad_message /online' 'wrong: the userData of another channel changes nothing'
{ begins A '"channel":"/a"' && status a false | with '"channel":"/a"'; } |
	finds '2 31 bad_message /userId' 'wrong: who goes was not in the channel that is listed'
{ begins A '"url":"ws://a/"' && message m-2 5 | with '"url":"ws://a/"' && begins B '"url":"ws://b/"' &&
	message m-1 6 | with '"url":"ws://a/"'; } |
	finds '4 24 bad_message /id' 'wrong: another server begins, the order of this one goes on'
{ begins A '"url":"ws://a/"' && status a true | with '"url":"ws://a/"' && begins B '"url":"ws://b/"' &&
	status a true | with '"url":"ws://a/"'; } |
	finds '4 61 bad_message /online' 'wrong: and so do its users'
{ { message m-1 1 && message m-2 2; } | history | with '"url":"ws://a/"' &&
	message m-2 2 | with '"url":"ws://a/"'; } |
	finds '2 24 bad_message /id' 'wrong: a history and the first live message of one URL'
{ begins A '"channel":"/a","truncated":true' && begins A '"channel":"/a"' && status b false |
	with '"channel":"/a"'; } | finds '3 31 bad_message /userId' 'wrong: a whole list ends what was not known'
{ begins A '"channel":"/a","truncated":true' && begins A && status b false | with '"channel":"/a"'; } |
	finds '3 31 bad_message /userId' 'wrong: a restart ends what was not known'

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
