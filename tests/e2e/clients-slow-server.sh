#!/bin/bash
#
# Servers that are slow, that stand still, or that ask for time. The clients wait as long as they were
# told to, and do not take such a server for something else.
#
# CHAT_TEST_FULL=1 stops a server for a minute, with the limits of time at their defaults.

LIMIT=60 FULL_LIMIT=300
. tests/lib.sh

# ---- a server that is stopped while its clients come back ----
#
# The full form is a minute with the limits as they are.

stopped=2 limits=(--dead-after 1s --connect-timeout 500ms)
[ -z "$full" ] || { stopped=65 limits=(); }
serve --init-timeout 1s --head-timeout 1s
spawn chat-listen -v -u hearer -t message "${limits[@]}" >"$TMP/heard" 2>"$TMP/hearer"
listener=$!
mkfifo "$TMP/input"
spawn bash -c 'exec chat-send -v -l --retry-for 120s "${@:2}" <"$0" >"$1"' "$TMP/input" "$TMP/receipts" "${limits[@]}" 2>"$TMP/sender"
sender=$!
exec 8>"$TMP/input"
echo before >&8
wait_for '[ "$(lines "$TMP/heard")" -eq 1 ]'
kill -STOP "$SERVE_PID"
echo meanwhile >&8
since=$SECONDS
wait_for "[ \$((SECONDS - since)) -ge $stopped ]" 80
kill -CONT "$SERVE_PID"
echo after >&8
exec 8>&-
ends "$sender" 0 'chat-send is heard when the server goes on' 60
is "$(jq -r .content "$TMP/receipts" | paste -sd,)" before,meanwhile,after 'with all it has said, once'
wait_for '[ "$(lines "$TMP/heard")" -ge 3 ]'
is "$(jq -r .content "$TMP/heard" | paste -sd,)" before,meanwhile,after 'and so it is heard'
alive "$listener"
ok 'chat-listen lives on'
unlike "$(cat "$TMP/hearer")" 'missing' 'without a gap'
like "$(cat "$TMP/hearer")" 'again in' 'though its connection was lost'
stop "$listener"

# ---- who was taken for late ----

helper lying-server.py "$TMP/lying"
helper odd-server.js "$TMP/odd"
lying=$(cat "$TMP/lying") odd=$(cat "$TMP/odd")

exits 75 'not_initialized is said to come later' chat-listen -U "$lying/once-late"
exits 0 'and then is let in' chat-listen -U "$lying/once-late" --no-follow
exits 0 'or at the next attempt' chat-listen -U "$lying/once-late" --wait --no-follow
exits 0 'chat-send likewise' chat-send -U "$lying/once-late" --retry-for 10s hello

# ---- a server that takes its time to answer init ----

spawn chat-listen -U "${odd}late" --since x -C 1 -t message >"$TMP/late" 2>"$TMP/late.err"
listener=$!
exits 0 'who has something to say waits' timeout "$((20 * slowness))" chat-send -U "${odd}late" hello
is "$(jq -r '.nonce | length > 0' "$OUT")" true 'until it is known what the server knows'
ends "$listener" 0 'and so does who listens'
is "$(jq -r .content "$TMP/late")" 'at last' 'and is told what was missed'
is "$(cat "$TMP/late.err")" '' 'in which nothing is missing'
exits 69 'one that never answers, not even a ping, is given up' \
	chat-listen -U "${odd}mute" --dead-after 500ms --retry-for 0

# ---- a server that asks for time ----

# within SECONDS: the last command took no longer.
within() {
	[ "$((SECONDS - since))" -le "$(($1 * slowness))" ]
}

since=$SECONDS
exits 75 'a server that asks for more time than there is' chat-send -U "$lying/limited" --retry-for 20s hello
within 5
ok 'is not waited for'
is "$(jq -r .type "$OUT")" '$unsent' 'the message was not sent'
like "$(cat "$ERR")" 'asks to try later, for longer than --retry-for' 'and that is said'
exits 75 'the same by another word' chat-send -U "$lying/unavailable" --retry-for 20s hello
since=$SECONDS
printf 'one\ntwo\n' | exits 75 'one that always says slower' chat-send -l -U "$lying/slower" --retry-for 2s
within 8
ok 'is obeyed for so long'
is "$(jq -r '"\(.type) \(.line)"' "$OUT" | paste -sd,)" '$unsent 1,$unsent 2' 'and nothing is unknown'

done_testing
