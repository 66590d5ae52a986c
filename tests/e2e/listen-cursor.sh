#!/bin/bash
#
# chat-listen --cursor-file is killed at random moments, or its connections are cut, while messages flow.
# A listener that is killed misses nothing and repeats at most what it was writing; one that is cut
# neither misses nor repeats anything.
#
# CHAT_TEST_FULL=1 kills and cuts often enough to be sure, not only to notice.

LIMIT=280
. tests/lib.sh

kills=${full:+100}
kills=${kills:-25}
cuts=${full:+200}
cuts=${cuts:-10}

serve --history-keep 600000
port=${CHAT_URL##*:}

# flow CHANNEL RATE PADDING: so many messages a second, with so many bytes more, until flow_ends.
flow() {
	spawn bash -c 'awk -v rate="$2" -v pad="$3" "BEGIN {
		filler = sprintf(\"%*s\", pad, \"\")
		for (i = 1; i <= 600000; i++)
			printf \"{\\\"type\\\":\\\"message\\\",\\\"id\\\":\\\"%d\\\",\\\"sender\\\":\\\"log\\\",\\\"content\\\":\\\"%d%s\\\",\\\"timestamp\\\":%d}\\n\", i, i, filler, i * 1000 / rate
		}" | chat-send -c "$1" -q --replay - --speed 1' flow "$1" "$2" "$3"
	flow=$!
}

flow_ends() {
	stop "$flow"
	chat-send -c "$1" -q 'the end'
}

# said CHANNEL: what the server made of that, in order, without the beginning.
said() {
	grep -F "\"channel\":\"/$1\"" "$SERVE_OUT" | grep -F '"type":"message"' | tail -n +2
}

# ---- killed ----

# The first line of all, after which both are to hear everything.
chat-send -q -c killed 'the beginning'
chat-listen -c killed -u hearer -t message --cursor-file "$TMP/cursor" --no-follow >"$TMP/start"
flow killed 2000 0
wait_for 'said killed | grep -q .'
for ((i = 0; i < kills; i++)); do
	spawn chat-listen -c killed -u hearer -t message --cursor-file "$TMP/cursor" \
		>>"$TMP/heard" 2>>"$TMP/gaps"
	read -r -t "0.0$((RANDOM % 90 + 10))" <>"$TMP/never"
	slay "$!"
done
flow_ends killed
exits 0 'the last one hears the rest' chat-listen -c killed -u hearer -t message \
	--cursor-file "$TMP/cursor" --no-follow
cat "$OUT" >>"$TMP/heard"
is "$(jq -r .content "$OUT" | tail -n 1)" 'the end' 'to the end'
is "$(cat "$TMP/gaps")" '' "killed $kills times: no gap is told"
said killed | jq -r .id >"$TMP/want"
jq -r .id "$TMP/heard" >"$TMP/ids"
ok 'no line is torn'
awk '!seen[$0]++' "$TMP/ids" | cmp - "$TMP/want"
ok "nothing is missing, all is in order ($(lines "$TMP/want") messages)"
[ "$(lines "$TMP/want")" -gt "$((kills * 20))" ]
ok 'and they came all the time'
# A seam goes back by what one of them printed since it had written its cursor.
awk 'NR > 1 && $0 < last { seams++ } { last = $0 } END { exit seams + 0 > '"$kills"' }' "$TMP/ids"
ok 'it goes back at the seams alone'

# ---- cut ----

# A past that never fits between two cuts would never be heard: what is said while the listener waits is
# less than that.

helper faulty-proxy.js "$TMP/proxy" --to "${port%/}" --cuts "$cuts" --bytes 300000 --seed 5
proxy=$!
made() {
	alive "$hearer" || return 0 # and what it heard is held against the truth
	kill -USR1 "$proxy" && [ "$(tail -n 1 "$TMP/proxy")" = "$cuts cuts, 0 repeats" ]
}
first=$(chat-send -c cut 'the beginning' | jq -r .id)
spawn chat-listen -U "ws://127.0.0.1:$(head -n 1 "$TMP/proxy")/" -c cut -u hearer -t message --retry-for 4s \
	--since "$first" >"$TMP/heard" 2>"$TMP/gaps"
hearer=$!
flow cut 500 100
wait_for made 400
ok "$cuts cuts"
flow_ends cut
wait_for 'tail -n 1 "$TMP/heard" | grep -q "the end"' 30
ok 'it hears the rest'
stop "$hearer"
jq -r .content "$TMP/heard" | awk '{ print $1 }' | head -n -1 | cmp - <(seq "$(($(lines "$TMP/heard") - 1))")
ok "each once, in order ($(lines "$TMP/heard") messages)"
is "$(cat "$TMP/gaps")" '' 'and without a gap'

done_testing
