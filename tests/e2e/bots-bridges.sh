#!/bin/bash
#
# Bridges between servers, and bots that are pipelines, send nothing round in a circle.

. tests/lib.sh

declare -A url=() log=()
for place in a b c; do
	serve --grace 0s
	url[$place]=$CHAT_URL log[$place]=$SERVE_OUT
done

readme=$(grep -F 'CHAT_URL=$B chat-send' README.md)
like "$readme" '^chat-listen .*jq .*chat-send$' 'the README has a bridge'

# bridge FROM TO USER COMMAND: it runs, and has joined the channel that it listens to.
bridge() {
	B=${url[$2]} CHAT_URL=${url[$1]} CHAT_USERNAME=$3 spawn bash -c "$4" >"$TMP/receipts.$1$2" 2>"$TMP/err.$1$2"
	bridges+=($!)
	wait_for "present $1 $3"
}
bridges=()

# present PLACE USER
present() {
	jq -se --arg name "$2" 'map(select(.type == "userStatus" and .username == $name)) | last.online' "${log[$1]}" >/dev/null
}

close_bridges() {
	local pid
	for pid in "${bridges[@]}"; do
		stop "$pid"
	done
	bridges=()
	for place in a b c; do
		wait_for "! jq -se 'map(select(.type == \"userStatus\")) | group_by(.username) | any(last.online)' '${log[$place]}' >/dev/null"
	done
}

# heard PLACE TEXT: how often a message there ends like that.
heard() {
	jq -r --arg text "$2" 'select(.type == "message" and (.content | endswith($text))) | .id' "${log[$1]}" | wc -l
}

# goes_round TEXT PLACE…: somebody says it at each of the places, it comes to all, once, and stays once while as much as
# would take it round many times goes over the same bridges.
goes_round() {
	local text=$1 place from wait
	shift
	for from; do
		CHAT_URL=${url[$from]} chat-send -q -u alice "$text from $from"
		for place; do
			wait_for "[ \"\$(heard $place '$text from $from')\" -ge 1 ]"
		done
	done
	for wait in 1 2 3 4 5; do
		CHAT_URL=${url[$1]} chat-send -q -u alice "$text barrier $wait"
		for place; do
			wait_for "[ \"\$(heard $place '$text barrier $wait')\" -ge 1 ]"
		done
	done
	for from; do
		for place; do
			is "$(heard "$place" "$text from $from")" 1 "$text: what is said at $from is said once at $place"
		done
	done
}

bridge a b mover "$readme"
bridge b a mover "$readme"
goes_round 'two pipes' a b
is "$(cat "$TMP"/err.*)" '' 'nobody complains'
is "$(jq -c 'select(.content == "<alice> two pipes from a") | [(.via | length), .hops]' "${log[b]}")" '[1,1]' \
	'what was carried says so'
close_bridges

# The listeners alone are not what stops it.
for pair in 'a b' 'b a'; do
	# shellcheck disable=SC2086 # two words
	bridge $pair open "${readme/ --no-loop/}"
done
goes_round 'without --no-loop' a b
like "$(cat "$TMP"/receipts.*)" '"type":"\$looped"' 'chat-send does not say again what has been there'
is "$(cat "$TMP"/err.*)" '' 'and that is no failure'
close_bridges

for pair in 'a b' 'b c' 'c a'; do
	# shellcheck disable=SC2086 # two words
	bridge $pair round "$readme"
done
goes_round 'a ring of three' a b c
close_bridges

for pair in 'a b' 'b a'; do
	# shellcheck disable=SC2086 # two words
	bridge $pair whole 'chat-listen --no-loop -t message | CHAT_URL=$B chat-send --replay -'
done
goes_round 'a replay of all that is heard' a b
close_bridges

# jq drops what says where a message comes from. One user carries it both ways.
for drop in '{text:"<\(.sender)> \(.content)"[0:1000]}' '{type:"text",text:.content,nonce:("n-" + .id)}'; do
	for pair in 'a b' 'b a'; do
		# shellcheck disable=SC2086 # two words
		bridge $pair drops "chat-listen --no-loop -t message | jq --unbuffered -c '$drop' | CHAT_URL=\$B chat-send"
	done
	goes_round "with $drop" a b
	close_bridges
done
for pair in 'a b' 'b a'; do
	# shellcheck disable=SC2086 # two words
	bridge $pair lines "chat-listen --no-loop -t message | jq --unbuffered -r .content | CHAT_URL=\$B chat-send -l"
done
goes_round 'as plain lines' a b
close_bridges

# ---- a server that starts again ----

restart_a() {
	local address=${url[a]#ws://}
	slay "$1"
	serve_at "${address%/}" --grace 0s
	log[a]=$SERVE_OUT
}
bridge a b keeps "$readme"
bridge b a keeps "$readme"
CHAT_URL=${url[a]} chat-send -q -u alice 'before the restart'
wait_for '[ "$(heard b "before the restart")" -eq 1 ]'
restart_a "${servers[0]}"
wait_for 'present a keeps' 20
CHAT_URL=${url[b]} chat-send -q -u alice 'after the restart'
wait_for '[ "$(heard a "after the restart")" -ge 1 ]' 30
goes_round 'over a restart' a b
close_bridges

# ---- bots that are pipelines ----

export CHAT_URL=${url[c]}
bot='chat-listen --no-self --no-loop -t message | jq --unbuffered -c "{type:\"text\",text:(\"re: \" + .content)[0:100],hops}" | chat-send'
for user in first second; do
	CHAT_USERNAME=$user spawn bash -c "$bot" >"$TMP/receipts"
	bridges+=($!)
	wait_for "present c $user"
done
chat-send -q -u alice 'a question to bots'
wait_for '[ "$(jq -s "map(.hops // 0) | max" "${log[c]}")" -ge 8 ]'
for wait in 1 2 3; do
	chat-send -q -u alice -c elsewhere barrier
	pause
done
is "$(jq -s 'map(.hops // 0) | max' "${log[c]}")" 8 'two pipelines that answer each other come to an end'
close_bridges

export CHAT_URL=${url[b]}
for user in yin yang; do
	CHAT_USERNAME=$user spawn bash -c \
		'chat-listen --no-self --no-loop -t message | jq --unbuffered -c "{text:(\"re: \" + .content)[0:100],replyTo:.id}" | chat-send' >"$TMP/receipts"
	bridges+=($!)
	wait_for "present b $user"
done
chat-send -q -u alice 'a question to bots'
wait_for '[ "$(jq -s "map(select(.replyTo) | .hops // 0) | max" "${log[b]}")" -ge 8 ]'
for wait in 1 2 3; do
	chat-send -q -u alice -c elsewhere barrier
	pause
done
is "$(jq -s 'map(.hops // 0) | max' "${log[b]}")" 8 'also two that say only what they answer'
close_bridges

export CHAT_URL=${url[c]}
for name in one two; do
	CHAT_USERNAME=person spawn bash -c "${bot/,hops/}" >"$TMP/receipts"
	bridges+=($!)
done
wait_for 'present c person'
id=$(chat-send -u person 'who is there' | jq -r .id)
wait_for '[ "$(heard c "re: who is there")" -ge 1 ]'
ok 'a pipeline answers the person who started it'
for wait in 1 2 3; do
	chat-send -q -u alice -c elsewhere barrier
	pause
done
[ "$(heard c 're: who is there')" -le 2 ] && [ -n "$id" ]
ok 'and neither itself nor another one of the same person'
close_bridges

done_testing
