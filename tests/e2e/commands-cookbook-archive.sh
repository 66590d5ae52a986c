#!/bin/bash
#
# chat-cookbook(7), ARCHIVE AND SEARCH: each example runs as it is printed, on what was said in a channel and on
# an archive with texts that are HTML, SQL, shell and terminal controls.

. tests/lib.sh
. tests/examples.sh

# old ID DAY SENDER TEXT [REPLYTO]: a line of a server on that day at noon, UTC.
old() {
	jq -nc --arg id "$1" --arg day "$2" --arg sender "$3" --arg text "$4" --arg reply "${5-}" '{type: "message", id: $id, sender: $sender,
		content: $text, timestamp: ($day + "T12:00:00Z" | fromdate * 1000 + 123), channel: "/old"}
		+ if $reply == "" then {} else {replyTo: $reply} end'
}

# make_archive: writes archive.ndjson into the folder of the example.
make_archive() {
	{
		echo '{"type":"userStatus","userId":"1","username":"alice","online":true,"channel":"/old"}'
		old 01a0-01 2026-01-02 alice 'The disk is full'
		old 01a0-02 2026-01-02 'bob <b>' 'which DISK? <script>alert(1)</script> & "so"' 01a0-01
		old 01a0-03 2026-01-03 alice $'a\nsecond line \e]0;title\a' 01a0-01
		old 01a0-04 2026-01-03 carol "'); DROP TABLE message; --"
		old 01a0-05 2026-01-03 alice 'nothing about it'
	} >archive.ndjson
}

by_day() {
	needs zstd || return
	local today
	today=$(date -u +%F)
	say one
	say two
	# As a run leaves it that was killed.
	old 1 2026-01-02 alice first >new.ndjson
	old 2 2026-01-02 alice second >>new.ndjson
	old 1 2026-01-02 alice first >>new.ndjson
	old 3 2026-01-03 alice third >2026-01-03.ndjson
	runs
	is "$(zstd -dc 2026-01-02.ndjson.zst)" "$(old 1 2026-01-02 alice first && old 2 2026-01-02 alice second)" \
		'a day that is over is compressed, each line of it once'
	is "$(zstd -dc 2026-01-03.ndjson.zst)" "$(old 3 2026-01-03 alice third)" 'also one that was there'
	[ "$today" = "$(date -u +%F)" ] || diag 'a new day began'
	is "$(cat "$today.ndjson")" "$(jq -Rrc --arg channel "$channel" '. as $line | fromjson | select(.type == "message" and .channel == $channel) | $line' "$SERVE_OUT")" \
		'today has what was said, byte for byte'
	old 4 2026-01-03 alice fourth >new.ndjson
	say three
	runs
	is "$(jq -r .content "$today.ndjson" | xargs)" 'one two three' 'the next run adds what is new'
	is "$(zstd -dc 2026-01-03.ndjson.zst | jq -r .content | xargs)" 'third fourth' 'also to a day that was compressed'
	md5sum ./*.ndjson* >sums
	runs
	is "$(md5sum ./*.ndjson*)" "$(<sums)" 'without news it changes nothing'
	CHAT_URL=ws://127.0.0.1:1/ exits 69 'without a server' bash -c "$example"
	is "$(jq -r .content "$today.ndjson" | xargs)" 'one two three' 'nothing is lost'
}

removes_old() {
	local day
	for day in '91 days ago' '89 days ago' today; do
		: >"$(date -u -d "$day" +%F).ndjson.zst"
	done
	: >other.ndjson.zst
	touch -d '2 years ago' ./*
	runs
	is "$(cat "$OUT")" "removed '$(date -u -d '91 days ago' +%F).ndjson.zst'" 'the one that is older goes'
	is "$(find . -name '*.zst' | wc -l)" 3 'the others stay'
	rm -- *.zst
	runs
}

loads_database() {
	needs sqlite3 || return
	make_archive
	echo 'not JSON' >>archive.ndjson
	exits 0 "$page: $first" bash -c "$example"
	like "$(<"$ERR")" 'archive.ndjson:7:' 'the line that is no message is reported'
	is "$(sqlite3 chat.db 'SELECT count(*), count(DISTINCT id), min(at) FROM message')" '5|5|2026-01-02 12:00:00' 'a row for each message'
	is "$(sqlite3 chat.db "SELECT content FROM message WHERE sender = 'carol'")" "'); DROP TABLE message; --" 'what was said is no SQL'
	old 01a0-06 2026-01-04 dave 'disk, again' >>archive.ndjson
	exits 0 'again' bash -c "$example"
	is "$(sqlite3 chat.db 'SELECT count(*) FROM message')" 6 'adds what is new'
	cp chat.db "$TMP"
}

finds_words() {
	needs sqlite3 || return
	cp "$TMP/chat.db" .
	runs
	is "$(cat "$OUT")" "2026-01-04 12:00:00|dave|[disk], again
2026-01-02 12:00:00|bob <b>|which [DISK]? <script>alert(1)</script> & \"so\"" 'the newest first, with the word marked'
}

shows_safely() {
	make_archive
	runs
	is "$(grep -v -- '---' "$OUT" | cut -c 10-)" '<alice> The disk is full
<bob \x3cb\x3e> which DISK? <script>alert(1)</script> & "so"' 'what was said about it'
	exits 0 'of everything' bash -c "${example/disk/.}"
	is "$(grep -c $'\e' "$OUT")" 0 'nothing controls the terminal'
}

counts_senders() {
	make_archive
	runs
	is "$(head -n 1 "$OUT")" $'3\talice' 'who speaks most'
	is "$(lines "$OUT")" 3 'everybody is there'
}

threads() {
	make_archive
	runs
	is "$(jq -c '[.id, (.answers | length), .answers[0]]' "$OUT")" '["01a0-01",2,"bob <b>: which DISK? <script>alert(1)</script> & \"so\""]' 'with its answers'
}

counts_hours() {
	make_archive
	TZ=UTC runs
	is "$(xargs <"$OUT")" '5 12' 'all at noon'
	TZ=Asia/Tokyo runs
	is "$(xargs <"$OUT")" '5 21' 'which is another hour elsewhere'
}

moves() {
	channel=/restored
	make_archive
	runs
	is "$(all_said | head -n 2 | paste -sd,)" 'The disk is full,which DISK? <script>alert(1)</script> & "so"' 'all is said again'
	is "$(jq -s 'map(select(.type == "message" and .channel == "/restored")) | length' "$SERVE_OUT")" 5 'each message once'
	old 01a0-05 2026-01-03 alice 'an id that is there' >>archive.ndjson
	exits 1 'an archive with a fault' bash -c "$example"
	is "$(jq -s 'map(select(.type == "message" and .channel == "/restored")) | length' "$SERVE_OUT")" 5 'is not said'
}

saves_files() {
	make_archive
	old 01a0-06 2026-01-04 dave 'disk.txt' | jq -c '.file = {name: "/etc/disk.txt", type: "text/plain", size: 4, data: ("full" | @base64)}' \
		>>archive.ndjson
	runs
	is "$(cat "$OUT")" '["dave","files/disk.txt"]' 'says who sent it'
	is "$(cat files/*)" full 'the file is there'
}

makes_page() {
	needs xmllint || return
	make_archive
	runs
	is "$(xmllint --html --xpath 'count(//p)' chat.html 2>/dev/null)" 5 'a paragraph for each message'
	is "$(xmllint --html --xpath 'count(//script)' chat.html 2>/dev/null)" 0 'what was said is no HTML'
	is "$(xmllint --html --xpath 'string(//p[2])' chat.html 2>/dev/null)" '2026-01-02 12:00:00 bob <b> which DISK? <script>alert(1)</script> & "so"' \
		'but text'
}

does=(
	["cat >archive <<'END'"]=by_day
	["limit=\$(date -u -d '90 days ago' +%F)"]=removes_old
	["cat >load.sql <<'END'"]=loads_database
	['sqlite3 chat.db "SELECT at, sender, snippet(words, 0, '"'[', ']', '...', 8)"]=finds_words
	["jq -c 'select(.type == \"message\" and (.content | test(\"disk\"; \"i\")))' archive.ndjson |"]=shows_safely
	["jq -nr 'reduce (inputs | select(.type == \"message\").sender) as \$name ({}; .[\$name] += 1)"]=counts_senders
	["jq -c 'select(.replyTo)' archive.ndjson | jq -sc 'group_by(.replyTo)[]"]=threads
	["jq -r 'select(.type == \"message\") | .timestamp / 1000 | floor | strflocaltime(\"%H\")' \\"]=counts_hours
	['chat-validate --from server --state archive.ndjson &&']=moves
	['chat-listen --from-log archive.ndjson --save-files files |']=saves_files
	["jq -nr '\"<!DOCTYPE html><meta charset=utf-8><title>Chat</title>\","]=makes_page
)

try_page man/chat-cookbook.7 'ARCHIVE AND SEARCH'
all_met 11

done_testing
