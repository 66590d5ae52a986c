#!/bin/bash
#
# chat-cookbook(7), TRAFFIC IN: each example runs as it is printed, with the real program beside it, and what
# it promises is said in the chat.
#
# Three things stand in for what a test cannot have: a journal that is written here in place of the system's
# (the JSON lines alone, where systemd-journal-remote is missing), a clock for the table of cron, and port 9094
# of socat is a free one.

. tests/lib.sh
. tests/examples.sh

# is_said TEXT NAME: waits until it is, and checks that this happened once.
is_said() {
	wait_for "said '$1'"
	is "$(all_said | grep -cxF -e "$1")" 1 "$2"
}

# ---- the journal ----

# entry N: a warning of a service, in the format of `journalctl -o export`.
entry() {
	printf '%s\n' "__REALTIME_TIMESTAMP=$((1790000000000000 + $1))" "__MONOTONIC_TIMESTAMP=$1" \
		_BOOT_ID=00000000000000000000000000000001 _MACHINE_ID=00000000000000000000000000000002 \
		SYSLOG_IDENTIFIER=smartd "PRIORITY=${2:-4}" "MESSAGE=disk is slow $1" ''
}

# binary N: one whose message is not text.
binary() {
	entry "$1" | sed '/^MESSAGE=/d;/^$/d'
	printf 'MESSAGE\n\3\0\0\0\0\0\0\0\1\2\3\n\n'
}

# has_journal: sets $journal to a descriptor that takes entries; journalctl, as the example finds it, reads them.
has_journal() {
	local remote=/lib/systemd/systemd-journal-remote
	mkdir bin
	mkfifo entries
	exec {journal}<>entries
	if [ -x "$remote" ] && command -v journalctl >found; then
		spawn "$remote" -o log.journal - <entries 2>remote.err
		writer=$!
		printf '#!/bin/sh\nexec /usr/bin/journalctl --file "%s/log.journal" "$@"\n' "$PWD" >bin/journalctl
		chmod +x bin/journalctl
		entry 1 >&"$journal"
		wait_for '[ -s log.journal ] && bin/journalctl -o json | grep -q slow'
	else
		diag 'journalctl is stood in for by a program that prints such lines'
		printf '#!/bin/sh\nexec tail -n 0 -f "%s/log.json"\n' "$PWD" >bin/journalctl
		: >log.json
		spawn bash -c 'declare -A entry=()
			while IFS== read -r name value; do
				[ -n "$name" ] && entry[$name]=$value && continue
				jq -nc --arg text "${entry[MESSAGE]-}" --arg name "${entry[SYSLOG_IDENTIFIER]}" --arg priority "${entry[PRIORITY]}" \
					"select(\$priority <= \"4\") | {MESSAGE:(if \$text == \"\" then [1,2,3] else \$text end),SYSLOG_IDENTIFIER:\$name}"
				entry=()
			done' <entries >>log.json
		writer=$!
	fi
	chmod +x bin/journalctl
}

follows_journal() {
	local n=10
	channel=/journal
	has_journal
	PATH=$PWD/bin:$PATH starts
	# It may begin after the first ones.
	wait_for 'n=$((n + 1)); entry $n >&"$journal"; all_said | grep -q slow'
	ok "$page: $first"
	entry 1000 6 >&"$journal"
	binary 1001 >&"$journal"
	entry 1002 >&"$journal"
	is_said 'smartd: disk is slow 1002' 'a warning is said once'
	is_said 'smartd: (not text)' 'one that is not text too, in these words'
	is "$(all_said | grep -c 'slow 1000')" 0 'what is less than a warning is not'
	is "$(all_said | grep -cx 'smartd: disk is slow 1')" 0 'nor what was logged before'
	finishes
	slay "$writer"
	exec {journal}>&-
}

# ---- files ----

follows_log() {
	channel=/logs
	echo 'ERROR before it' >app.log
	starts
	wait_for 'echo "ERROR first" >>app.log; said "ERROR first"'
	ok "$page: $first"
	printf 'INFO nothing\nFATAL \377 second\n' >>app.log
	is_said $'FATAL \xEF\xBF\xBD second' 'what is not UTF-8 is replaced'
	mv app.log app.log.1
	echo 'ERROR in the new file' >app.log
	is_said 'ERROR in the new file' 'a rotated log is followed'
	is "$(all_said | grep -cE 'INFO|before')" 0 'other lines, and those before it, are not said'
	stop "$running"
	is "$(grep -v '^tail: ' err)" '' 'nobody but tail says anything'
}

sends_new_files() {
	needs inotifywait || return
	channel=/files
	mkdir incoming
	echo early >incoming/early
	starts
	wait_for 'echo probe >incoming/probe; said probe'
	ok "$page: $first"
	echo one >incoming/$'a line\nbreak; $(touch evil) "x'
	echo two >two
	mv two incoming/-two
	wait_for 'said -two'
	is "$(jq -r 'select(.type == "message" and .channel == "/files" and .file.name == "-two").file.data' "$SERVE_OUT" | base64 -d)" \
		two 'a file that was moved there'
	is "$(jq -s '[.[] | select(.channel == "/files" and .file.data == "b25lCg==").file.name] | length' "$SERVE_OUT")" 1 \
		'one with any characters in its name'
	is "$(find . -name evil)" '' 'which no shell reads'
	head -c 1100000 /dev/zero >incoming/large
	wait_for '[ -s err ]'
	like "$(cat err)" '^chat-send: .*large' 'one that is too large is refused, by its name'
	is "$(all_said | grep -c early)" 0 'one that was there before is not sent'
	stop "$running"
}

# ---- cron ----

# cron_runs: runs the commands of a table of cron as it does, whatever their times are. The commands of this
# project are found as if they were installed.
cron_runs() {
	local line environment=(HOME="$HOME" LOGNAME=tester SHELL=/bin/sh CHAT_URL="$CHAT_URL")
	while IFS= read -r line; do
		if [[ $line =~ ^PATH=(.*) ]]; then
			environment+=(PATH="$TMP/bin:$BUILD:${BASH_REMATCH[1]}")
		elif [[ $line =~ ^([0-9*/,-]+\ ){5}(.*) ]]; then
			line=${BASH_REMATCH[2]//\\%/$'\1'}
			[[ $line != *%* ]] || line=${line%%%*} # the rest is standard input
			env -i "${environment[@]}" /bin/sh -c "${line//$'\1'/%}" || return
		else
			echo "not a line of a crontab: $line" >&2 && return 1
		fi
	done <<<"$example"
}

has_job() {
	channel=/ops
	exits 0 "$page: $first" cron_runs
	is "$(cat "$OUT" "$ERR")" '' 'cron has nothing to send by mail'
	is_said 'disk 95%' 'a full disk is said'
	printf '#!/bin/sh\necho Filesystem\necho /dev/sda 100 45 55 45%% /\n' >room
	chmod +x room
	mv "$TMP/bin/df" "$TMP/full-df"
	mv room "$TMP/bin/df"
	exits 0 'a disk that is not full' cron_runs
	is "$(all_said | wc -l)" 1 'is not'
	mv "$TMP/full-df" "$TMP/bin/df"
	CHAT_URL=ws://127.0.0.1:1/ exits 69 'without a server' cron_runs
	like "$(<"$ERR")" '^chat-send: ' 'cron has something to send'
}

# ---- git ----

# git_do …: git with a person, without what this machine has set.
git_do() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -c init.defaultBranch=main -c user.name='Alice A' \
		-c user.email=alice@example.org "$@"
}

push_to_project() {
	git_do -C work push -q ../project.git "$@" 2>push.err
}

tells_pushes() {
	needs git || return
	channel=/git
	git_do init -q --bare project.git
	git_do init -q work
	runs
	for n in first second; do
		git_do -C work commit -q --allow-empty -m "$n change"
	done
	push_to_project main
	is "$(cat push.err)" '' 'a push says nothing'
	is "$(all_said)" $'refs/heads/main: first change (Alice A)\nrefs/heads/main: second change (Alice A)' 'a new branch: its commits'
	git_do -C work commit -q --allow-empty -m "third \$(touch evil) %n change"
	push_to_project main main:refs/heads/other%n
	is "$(all_said | sed 1,2d | sort | head -n 1)" 'refs/heads/main: third $(touch evil) %n change (Alice A)' 'a branch that was there: what is new'
	is "$(all_said | grep -c '^refs/heads/other%n: ')" 3 'a branch with a strange name'
	push_to_project --delete other%n
	is_said 'refs/heads/other%n was deleted' 'a branch that goes'
	git_do -C work commit -q --allow-empty -m 'fourth'
	CHAT_URL=ws://127.0.0.1:1/ exits 0 'a push without a chat succeeds' push_to_project main
	like "$(cat push.err)" 'chat-send: ' 'and says why nothing was sent'
	is "$(find . -name evil)" '' 'no shell reads what a commit says'
}

# ---- web hooks ----

# post PATH [curl's argument…]: prints the status of the answer to stdin, which is posted there.
post() {
	local path=$1
	shift
	curl -s -o /dev/null -w '%{http_code}' --max-time 20 -H 'Content-Type: application/json' --data-binary @- "$@" "http://127.0.0.1:$port$path"
}

alert() { # STATUS SUMMARY: what Alertmanager sends
	jq -nc --arg status "$1" --arg summary "$2" '{version: "4", groupKey: "{}:{alertname=\"DiskFull\"}", status: $status, receiver: "chat",
		groupLabels: {alertname: "DiskFull"}, commonLabels: {}, commonAnnotations: {}, externalURL: "http://alerts", truncatedAlerts: 0,
		alerts: [{status: $status, labels: {alertname: "DiskFull", instance: "db1"}, annotations: {summary: $summary},
			startsAt: "2026-11-28T08:00:00Z", endsAt: "0001-01-01T00:00:00Z", generatorURL: "http://p", fingerprint: "8c0b3ef0a1b2c3d4"}]}'
}

push_event() { # what GitHub sends, in part
	jq -nc '{ref: "refs/heads/main", before: ("0" * 40), after: ("a" * 40), repository: {id: 1, full_name: "example/project"},
		pusher: {name: "alice"}, commits: [{id: ("a" * 40), message: "Fix it\n\nIn more words.", author: {name: "Alice A"}}]}'
}

answers_hooks() {
	needs socat curl || return
	local port='' chat_url=$CHAT_URL
	channel=/alerts
	mkdir bin
	printf '#!/bin/bash\nexec /usr/bin/socat -d -d "${@/TCP-LISTEN:9094/TCP-LISTEN:0}" 2>"%s/socat.log"\n' "$PWD" >bin/socat
	chmod +x bin/socat
	PATH=$PWD/bin:$PATH starts
	wait_for '[ -s socat.log ] && port=$(sed -n "s/.*listening on AF=2 127.0.0.1://p" socat.log) && [ -n "$port" ]'
	ok "$page: $first"
	is "$(alert firing 'The disk is full' | post /alertmanager)" 200 'an alert is taken'
	is "$(alert firing 'The disk is full' | post /alertmanager)" 200 'and once more, as after a lost answer'
	is_said 'firing DiskFull db1 The disk is full' 'it is said once'
	is "$(alert firing 'Another text' | post /alertmanager)" 422 'with other words it is refused'
	is "$(alert resolved 'The disk is full' | post /alertmanager)" 200 'its end'
	is_said 'resolved DiskFull db1 The disk is full' 'is said too'
	is "$(push_event | post /github -H 'X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958')" 200 'a push'
	is_said 'example/project refs/heads/main: Fix it (Alice A)' 'is said, by the first line of its commit'
	is "$(jq -nc '{zen: "Keep it logically awesome.", hook_id: 1}' | post /github)" 200 'an event without commits'
	is "$(all_said | wc -l)" 3 'says nothing'
	is "$(post /github <<<'not JSON')" 400 'what is not JSON'
	is "$(post /../../etc <<<'{}')" 404 'another path'
	# who does not wait for the answer before the body may lose it: the body meets a closed socket
	is "$(head -c 1000000 /dev/zero | post /github -H 'Expect: 100-continue')" 413 'a body that is too large'
	stop "$running"
	rm socat.log
	CHAT_URL=ws://127.0.0.1:1/ PATH=$PWD/bin:$PATH starts
	wait_for '[ -s socat.log ] && port=$(sed -n "s/.*listening on AF=2 127.0.0.1://p" socat.log) && [ -n "$port" ]'
	is "$(alert firing 'Unheard' | post /alertmanager)" 503 'without a server the caller is told to try again'
	CHAT_URL=$chat_url
	stop "$running"
}

# ---- a build ----

deploys() {
	channel=/deploy
	printf '#!/bin/sh\ntouch deployed\n' >deploy
	chmod +x deploy
	rm -f deployed
	local asked
	asked=$(all_said | wc -l)
	starts
	wait_for "[ \"\$(all_said | wc -l)\" -gt $asked ]"
}

# answer USER TEXT: to the last message there that is a question.
answer() {
	jq -c --arg text "$2" 'select(.type == "message" and .channel == "/deploy" and .sender == "ci-job")
		| {text: $text, replyTo: .id}' "$SERVE_OUT" | tail -n 1 | chat-send -q -c deploy -u "$1"
}

asks_anybody() {
	deploys
	answer bob no
	ends "$running" 1 "$page: $first: no"
	[ ! -e deployed ]
	ok 'is not deployed'
	deploys
	chat-send -q -c deploy -u alice yes
	answer bob yes
	ends "$running" 0 'yes'
	[ -e deployed ]
	ok 'is'
}

asks_some() {
	deploys
	answer carol yes
	chat-send -q -c deploy -u alice 'yes'
	alive "$running"
	ok 'nobody else can say so, and it must be an answer'
	answer bob no
	ends "$running" 1 "$page: $first: no"
	deploys
	answer alice yes
	ends "$running" 0 'yes'
	[ -e deployed ]
	ok 'is deployed'
}

says_yes() {
	channel=/deploy
	chat-send -q -c deploy -u ci-job 'build 43?'
	runs
	is "$(jq -r .replyTo "$OUT")" "$(jq -r 'select(.content == "build 43?").id' "$SERVE_OUT")" 'yes is the answer to the last message'
}

# ---- news ----

# feed N: one with so many items, the newest first.
feed() {
	local n
	echo '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>http://example.org/</link>'
	for ((n = $1; n > 0; n--)); do
		echo "<item><title>Item $n: a &lt; b &amp;amp;"
		echo "</title><link>http://example.org/$n</link></item>"
	done
	echo '</channel></rss>'
}

reads_feed() {
	needs xmllint curl || return
	channel=/news
	feed 2 >feed.xml
	export FEED=file://$PWD/feed.xml
	runs
	is "$(all_said)" $'Item 1: a < b &amp; http://example.org/1\nItem 2: a < b &amp; http://example.org/2' \
		'the items are said, the oldest first'
	feed 3 >feed.xml
	CHAT_URL=ws://127.0.0.1:1/ exits 69 'without a server' bash -c "$example"
	runs
	is "$(all_said | sed 1,2d)" 'Item 3: a < b &amp; http://example.org/3' 'the next time only what is new'
	is "$(<seen)" "$(printf 'http://example.org/%d\n' 1 2 3)" 'and remembers it'
	sed -i '$d' seen
	runs
	is "$(all_said | wc -l)" 3 'what was said before a crash is not said again'
	FEED=file:///none exits 37 'no feed' bash -c "$example"
}

does=(
	['journalctl -f -n 0 -o json -p warning |']=follows_journal
	["tail -n 0 -F app.log | grep -a --line-buffered -E 'ERROR|FATAL' |"]=follows_log
	["inotifywait -m -q -e close_write,moved_to --format '%f%0' --no-newline incoming |"]=sends_new_files
	['PATH=/usr/local/bin:/usr/bin:/bin']=has_job
	["cat >project.git/hooks/post-receive <<'END'"]=tells_pushes
	["cat >hook <<'END'"]=answers_hooks
	["cat >approve <<'END'"]=asks_anybody
	["id=\$(chat-send -c deploy -u ci-job 'build 42 is green: deploy it?' | jq -r .id) &&"]=asks_some
	['chat-listen -c deploy --no-follow -n 1 --history flat -t message |']=says_yes
	["cat >rss <<'END'"]=reads_feed
)

try_page man/chat-cookbook.7 'TRAFFIC IN'
all_met 10

done_testing
