#!/bin/bash
#
# chat-listen --human: several channels and servers, a connection that is lost and comes back, and when it
# writes colours. The layout of a line is tested in tests/unit/human.c.

. tests/lib.sh
cd "$TMP" || exit 1

# ---- several channels, several servers ----

serve --grace 0s
first=$CHAT_URL
chat-send -u alice -c a 'on a' >receipts
chat-send -u alice -c b 'on b' >receipts
exits 0 'one channel' chat-listen -H --no-follow -t history "${first}a"
like "$(<"$OUT")" '^[0-9:]{8} <alice> on a$' 'is not named'
exits 0 'two channels' chat-listen -H --no-follow -t userData,history "${first}a" "${first}b"
is "$(sed 's/^[0-9:]* //; s/<[^a].*>/<me>/' "$OUT" | sort)" '/a * here: <me>
/a <alice> on a
/b * here: <me>
/b <alice> on b' 'are, on every line'
serve --grace 0s
second=$CHAT_URL
chat-send -u alice -c b 'elsewhere' >receipts
exits 0 'two servers' chat-listen -H --no-follow -t history "${first}a" "${second}b"
is "$(sed 's/^[0-9:]* //' "$OUT" | sort)" "$(printf '%s <alice> %s\n' "${first}a" 'on a' "${second}b" elsewhere | sort)" \
	'are named by their URLs'

exits 0 'two logs' chat-listen -H --from-log <(printf '%s\n' \
	'{"type":"message","id":"1","sender":"alice","content":"x","timestamp":0,"channel":"/a"}' \
	'{"type":"message","id":"2","sender":"alice","content":"x","timestamp":0,"channel":"/b"}' \
	'{"type":"message","id":"3","sender":"alice","content":"x","timestamp":0,"channel":"/a"}')
is "$(grep -v '^---' "$OUT")" '00:00:00 <alice> x
00:00:00 /b <alice> x
00:00:00 /a <alice> x' 'the channel is shown once there is a second one'

# ---- a connection that is lost ----

port=${second##*:}
port=${port%/}
spawn chat-listen -H -U "$second" -u watch >shown 2>told
listener=$!
wait_for 'grep -q here: shown'
slay "$SERVE_PID"
wait_for '[ -s told ]'
like "$(<told)" '^chat-listen: ws://[^ ]*: .*; trying to connect again$' 'a lost connection is said'
for _ in {1..30}; do pause; done # attempts fail
serve_at "127.0.0.1:$port"
wait_for '[ "$(grep -c here: shown)" -eq 2 ]'
chat-send -u alice 'after it' >receipts
wait_for 'grep -q "after it" shown'
is "$(lines told)" 2 'once, and the next one once'
is "$(tail -n 1 told)" "chat-listen: $second: connected again" 'in these words'
is "$(grep -c connect shown)" 0 'on standard error alone'
stop "$listener"
spawn chat-listen -U "$second" -u watch >shown 2>told
listener=$!
wait_for 'grep -q userData shown'
slay "$SERVE_PID"
serve_at "127.0.0.1:$port"
wait_for '[ "$(grep -c userData shown)" -eq 2 ]'
is "$(grep -c connect told)" 0 'without --human only --verbose says it'
stop "$listener"

# ---- a loss while nobody reads ----

long=$(printf '%0900d' 0)
mkfifo unread
exec 7<>unread
spawn chat-listen -H -U "$second" -u blocked >unread 2>told 7>&-
listener=$!
wait_for 'grep -q "\"blocked\",\"online\":true" "$SERVE_OUT"'
for _ in {1..100}; do echo "$long"; done | chat-send -q -u alice -l
slay "$SERVE_PID"
serve_at "127.0.0.1:$port"
wait_for 'grep -q "\"blocked\",\"online\":true" "$SERVE_OUT"'
is "$(grep -c connect told)" 0 'is not said into the middle of the lines that wait'
cat <&7 >shown &
reader=$!
wait_for '[ "$(grep -c "^chat-listen: .*connect" told)" -eq 2 ]'
is "$(grep -c "<alice> $long\$" shown)" 100 'but after them'
kill "$reader"
stop "$listener"
exec 7>&-

# ---- colours, and the width ----

echo '{"type":"message","id":"1","sender":"alice","content":"hello wide world","timestamp":0}' >log

# on_terminal WIDTH [VARIABLE=VALUE…]: what a terminal of this width gets.
on_terminal() {
	local width=$1
	shift
	TERM=xterm env "$@" script -qec "stty cols $width; chat-listen -H --from-log log" /dev/null | tr -d '\r' | grep -v -- '---'
}

like "$(on_terminal 80)" $'\e\\[2m00:00:00 \e\\[0m\e\\[3[0-9]m<alice>\e\\[0m hello wide world$' 'a terminal gets colours'
for no in TERM=dumb TERM= NO_COLOR=1 NO_COLOR=0; do
	is "$(on_terminal 80 "$no")" '00:00:00 <alice> hello wide world' "none with $no"
done
is "$(on_terminal 80 -u TERM)" '00:00:00 <alice> hello wide world' 'none without TERM'
like "$(on_terminal 80 NO_COLOR=)" $'\e' 'an empty NO_COLOR counts as not set'
is "$(on_terminal 30 TERM=dumb)" '00:00:00 <alice> hello wide 
  world' 'a line that is too wide is continued below its text'
TERM=xterm exits 0 'no terminal' chat-listen -H --from-log log
is "$(tail -n 1 "$OUT")" '00:00:00 <alice> hello wide world' 'gets no colours'
NO_COLOR=1 TERM=dumb exits 0 '--color always' chat-listen -H --color always --from-log log
like "$(<"$OUT")" $'\e' 'gets them'

done_testing
