#!/bin/bash
#
# Each example of README.md and of the manual pages runs as it stands there, in a new folder with the files
# that it names, and does what the page says. One that cannot be run is listed here with the reason.

. tests/lib.sh
. tests/helpers/certs.sh
. tests/examples.sh

printf '#!/bin/sh\necho up a day\n' >"$TMP/bin/uptime"
chmod +x "$TMP/bin/uptime"
printf '%s\n' '{"type":"text","text":"fine"}' 'not JSON' '{"type":"text","text":"fine too"}' >"$TMP/raw.ndjson"

# ---- what an example does ----

full_disk() {
	PATH=$TMP/bin:$PATH runs
	is "$(jq -r .content "$OUT")" 'disk 95%' 'the alert is accepted'
}

waits_for_event() {
	printf '#!/bin/sh\ntouch done\n' >next-step
	chmod +x next-step
	begins
	say 'deploy done'
	wait_for '[ -e done ]'
	ok 'it goes on after the event'
	finishes
}

checks_and_keeps() {
	begins
	say 'to be kept'
	wait_for '[ -s ops.ndjson ] && grep -q "to be kept" ops.ndjson && [ -s ops.cur ]'
	ok 'the log has it, and the cursor file is there'
	finishes
	is "$(cat out)" '' 'nothing is found'
}

archives() {
	say one
	say two
	runs
	is "$(jq -r .content ./*.ndjson | paste -sd,)" one,two 'the messages are in the file'
}

bridges() {
	begins
	say -u carol 'over the bridge'
	wait_for 'said_over "<carol> over the bridge"'
	ok 'it is said on the other server'
	stop "$running"
}

said_over() {
	jq -e --arg text "$1" 'select(.content == $text) | .via' "$over" >/dev/null
}

sends_folder() {
	mkdir src
	echo hello >src/file
	runs
	is "$(jq -r .content "$OUT")" src.tgz 'by its name'
	exits 0 'received' chat-listen --no-follow --since all --save-files inbox -t message
	is "$(tar xzOf inbox/src.tgz src/file)" hello 'it has the files'
}

saves_file() {
	begins
	echo content >report.txt
	say -f report.txt
	ends "$running" 0 'ends after the file'
	is "$(cat "$(cat out)")" content 'prints its path'
}

posts_log() {
	: >app.ndjson
	PATH=$TMP/bin:$PATH serves
	echo '{"msg":"started"}' >>app.ndjson
	exits 0 'a line of the log' chat-listen -t message -C 1 --since all -W 20s
	is "$(jq -r .content "$OUT")" started 'is a message'
	stop "$running"
}

sends_valid() {
	printf '#!/bin/sh\ncat "%s"\n' "$TMP/raw.ndjson" >bot
	chmod +x bot
	runs
	is "$(jq -r .content "$OUT" | paste -sd,)" 'fine,fine too' 'the valid ones'
}

writes_log() {
	echo old >chat.ndjson
	PATH=$TMP/bin:$PATH serves
	say logged
	wait_for 'grep -q logged chat.ndjson'
	ok 'the log has it'
	is "$(grep -c old chat.ndjson)" "$([[ $example = *'>>'* ]] && echo 1 || echo 0)" 'after what was there, if it is appended to'
	stop "$running"
}

survives() {
	PATH=$TMP/bin:$PATH serves
	say kept
	stop "$running"
	PATH=$TMP/bin:$PATH serves
	exits 0 'after a restart' chat-listen --since all --no-follow -t message
	is "$(jq -r .content "$OUT")" kept 'the message is there'
	stop "$running"
}

shows_live() {
	PATH=$TMP/bin:$PATH serves
	say hello
	wait_for '[ -s out ]'
	is "$(cat out)" 'alice: hello' 'a message is a line, and nothing else is'
	stop "$running"
}

serves_tls() {
	make_ca ca
	make_cert fullchain "$LOCAL_NAMES"
	cp "$TMP/fullchain.pem" .
	cp "$TMP/fullchain.key" privkey.pem
	(umask 077 && "$BUILD/chat-serve" --new-token alice | tee alice.json | jq -r .line >tokens)
	PATH=$TMP/bin:$PATH serves
	CHAT_TOKEN=$(jq -r .token alice.json) exits 0 'with the token' chat-send --cacert "$TMP/ca.pem" -u alice hello
	[ "$page" = README.md ] || CHAT_TOKEN=wrong exits 77 'and not without' chat-send --cacert "$TMP/ca.pem" -u alice hello
	stop "$running"
}

# makes_token COMMANDS: what a token is written to is born with mode 0600. Here rm removes nothing, and chmod fails.
makes_token() {
	exits 0 "$page: $first" bash -c $'umask 022\nrm() { :; }\nchmod() { exit 1; }\n'"$1"
	is "$(stat -c %a:%n ./* | grep -v '^600:')" '' 'at no time can others read a file of it'
	spawn "$BUILD/chat-serve" -q --listen 127.0.0.1:0 --url-file url --tokens tokens 2>err
	running=$!
	wait_for '[ -s url ]'
	CHAT_URL=$(<url)
}

token_of_manual() {
	makes_token "$(grep -v '^chat-send' <<<"$example")"
	exits 0 'alice sends with it' bash -c "$(grep '^chat-send' <<<"$example")"
	stop "$running"
}

token_of_readme() {
	makes_token "$example"
	CHAT_TOKEN=$(jq -r .token alice.json) exits 0 'alice sends with it' chat-send -u alice hello
	stop "$running"
}

free_port() {
	exits 0 "$page: $first" bash -c "$example"$'\nkill %1; wait'
	is "$(jq -r .content "$OUT")" hello 'the message is accepted'
}

validates_log() {
	cp "$SERVE_OUT" chat.ndjson
	runs
	is "$(cat "$OUT")" '' 'nothing is found'
}

counts_findings() {
	cp "$TMP/raw.ndjson" .
	runs
	like "$(cat "$OUT")" '^ *1 bad_json$' 'the code and how often'
}

separates() {
	cp "$TMP/raw.ndjson" .
	exits 1 "$page: $first" bash -c "$example"
	is "$(jq -r .text good.ndjson | paste -sd,)" 'fine,fine too' 'the valid lines'
	is "$(cat bad.ndjson)" 'not JSON' 'and the others'
}

# with_journal: a server with its journal in DIR, which has a message of alice in /ops.
with_journal() {
	spawn "$BUILD/chat-serve" -q --listen 127.0.0.1:0 --url-file url --journal DIR 2>err
	running=$!
	wait_for '[ -s url ]'
	CHAT_URL=$(<url)
	say -c ops 'in the journal'
}

backs_up() {
	with_journal
	say -c ops second
	exits 0 "$page: $first" bash -c "$example"
	wait_for '[ -e DIR/00000002.ndjson ]'
	ok 'the server began a new segment'
	is "$(jq -r 'select(.content) | .content' backup/00000001.ndjson | paste -sd,)" 'in the journal,second' 'the copy has all'
	stop "$running"
	is "$(cat DIR/lock)" '' 'and a server that has ended leaves no process id'
}

reads_journal() {
	with_journal
	stop "$running"
	runs
	[[ $example = *jq* ]] || { is "$(cat "$OUT")" '' 'nothing is found' && return; }
	is "$(jq -r .content "$OUT")" 'in the journal' 'prints the message'
}

conversation() {
	perl -0pe 's/\n    //g' <<<"$example" >joined
	sed -n 's/^-> //p' joined | chat-validate --from client >findings
	sed -n 's/^<- //p' joined | chat-validate --from server >>findings
	is "$(sed 's/.*error: //' findings)" '/text: expected 1 to 1000 characters, got 0' \
		"$page: its messages are valid, but for the one that is refused"
}

listens_to() { # TEXT FILTER WANT: says the text, and wants the output, filtered, to be that
	begins
	say "$1"
	wait_for "grep -q '$1' out"
	like "$(tail -n 1 out | jq -rR "$2")" "$3" 'prints it'
	finishes
}

prints_human() { listens_to hello . '^[0-9:]{8} <alice> hello$'; }
prints_line() { listens_to hello 'fromjson | .type + " " + .content' '^message hello$'; }
prints_content() { listens_to hello . '^hello$'; }

lists_users() {
	runs
	is "$(cat "$OUT")" tester 'the listener itself is here'
}

recent() {
	say lately
	runs
	is "$(jq -r .content "$OUT")" lately 'what was said lately'
}

past_of_ops() {
	CHAT_URL=${base}ops/$RANDOM$RANDOM # -c takes the place of it
	chat-send -c ops -u alice past >receipt
	runs
	is "$(jq -r .content "$OUT" | tail -n 1)" past 'the messages of /ops'
}

ops_human() {
	channel=/ops
	begins
	say -c ops hello
	wait_for 'grep -q "<alice> hello$" out'
	ok 'prints what is said there'
	finishes
}

says_it() {
	runs
	is "$(jq -r .content "$OUT")" 'hello there' 'the receipt has it'
}

sends_lines() {
	PATH=$TMP/bin:$PATH runs
	is "$(jq -r .content "$OUT")" 'up a day' 'each line is a message'
}

sends_file() {
	echo content >report.txt
	runs
	is "$(jq -r .content "$OUT")" report.txt 'by its name'
}

prints_id() {
	runs
	like "$(cat "$OUT")" '^[0-9a-f]{12}-[0-9a-f]{10}$' 'the id'
}

keeps_id() {
	exits 0 "$page: $first" bash -c "$example"$'\necho "$id"'
	like "$(cat "$OUT")" '^[0-9a-f]{12}-[0-9a-f]{10}$' 'the id'
}

asks() {
	spawn chat-listen -u helpbot --exec jq --unbuffered -c 'select(.content == "!status") | {text: "well", replyTo: .id}'
	running=$!
	wait_for "here '$channel'"
	runs
	is "$(cat "$OUT")" well 'the answer'
	stop "$running"
}

answers() {
	id=$(chat-send a question | jq -r .id)
	export id
	runs
	is "$(jq -r .replyTo "$OUT")" "$id" 'the answer names the message'
}

# ---- which example does it ----

does=(
	["df -P / | awk 'NR==2 && \$5+0>90 {print \"disk \" \$5}' | chat-send -l"]=full_disk
	["tar cz src | chat-send -f - --name src.tgz"]=sends_folder
	["chat-listen --save-files inbox -t message -C1 | jq -r .file.path"]=saves_file
	["chat-listen --cursor-file ops.cur | tee -a ops.ndjson | chat-validate --from server"]=checks_and_keeps
	["chat-listen -W 5m -t message |"]=waits_for_event
	["chat-listen --no-loop -t message |"]=bridges
	["tail -F app.ndjson |"]=posts_log
	["./bot | chat-validate --from input --filter | chat-send"]=sends_valid

	# README.md
	["chat-listen -W 300s | jq -en --unbuffered 'first(inputs|select(.type==\"message\" and .content==\"deploy done\"))' >/dev/null && ./next-step"]=waits_for_event
	["chat-listen --cursor-file all.cur --since all --no-follow -t message >>archive.ndjson"]=archives
	["chat-listen --no-loop -t message | jq --unbuffered -c '{type:\"text\",text:(\"<\\(.sender)> \\(.content)\"[0:1000]),id,channel,via,hops}' | CHAT_URL=\$B chat-send"]=bridges
	["tail -F app.ndjson | jq --unbuffered -c '{type:\"text\",text:.msg}' | chat-serve --stdin"]=posts_log
	["(umask 077; chat-serve --new-token alice | tee alice.json | jq -r .line >>tokens)"]=token_of_readme
	["chat-serve --listen :3001 --tokens tokens --tls-cert fullchain.pem --tls-key privkey.pem"]=serves_tls

	# chat(7)
	["chat-serve >chat.ndjson"]=writes_log
	["chat-listen --human"]=prints_human
	["chat-send hello there | jq -r .id"]=prints_id
	["chat-listen -t message | jq --unbuffered -r .content"]=prints_content
	["chat-validate --from server chat.ndjson"]=validates_log

	# chat-listen(1)
	["chat-listen --human -c ops"]=ops_human
	["chat-listen -t message"]=prints_line
	["chat-listen --no-follow -t userData | jq -r '.users[].username'"]=lists_users
	["chat-listen --since all --no-follow -t message >archive.ndjson"]=archives
	["chat-listen --cursor-file ops.cur --since all --no-follow -t message >>ops.ndjson"]=archives
	["chat-listen --since -2h --no-follow -t message"]=recent

	# chat-send(1)
	["chat-send hello there"]=says_it
	["uptime | chat-send -l"]=sends_lines
	["chat-send -f report.txt"]=sends_file
	["id=\$(chat-send the build is green | jq -r .id)"]=keeps_id
	["chat-send --reply -W 60s '!status' | jq -r 'select(.replyTo).content'"]=asks
	["jq -nc --arg id \"\$id\" '{text:\"well done\",replyTo:\$id}' | chat-send"]=answers

	# chat-serve(1)
	["chat-serve >>chat.ndjson"]=writes_log
	["chat-serve --quiet --journal chat.journal"]=survives
	["chat-serve --open --listen :3001 --rate 5 | jq --unbuffered -r 'select(.type == \"message\") | .sender + \": \" + .content'"]=shows_live
	["chat-serve --listen :443 --tokens tokens \\"]=serves_tls
	["umask 077"]=token_of_manual
	["rm -f url"]=free_port

	# chat-validate(1)
	["chat-validate --format json *.ndjson | jq -r .code | sort | uniq -c"]=counts_findings
	["chat-validate --filter raw.ndjson >good.ndjson"]=separates
	["chat-validate --filter --rejects bad.ndjson raw.ndjson >good.ndjson"]=separates

	# chat-journal(5), chat-protocol(7)
	["chat-listen -c ops --since all --no-follow -t message"]=past_of_ops
	["jq -c 'select(.channel==\"/ops\" and .sender==\"alice\")' DIR/*.ndjson"]=reads_journal
	["kill -USR2 \"\$(cat DIR/lock)\""]=backs_up
	["chat-validate --from server DIR/*.ndjson"]=reads_journal
	["cat DIR/*.ndjson |"]=reads_journal
	['-> {"type":"init","username":"alice123","id":"client-98765"}']=conversation
)

# A command that is not run here, by its first words: the reason.
unless=(
	['apt-get update']='a new machine is its place; CI runs it'
	['PATH=$PWD/build']='commands-session.sh pastes the session'
	['chat-serve >chat.ndjson &']='the session'
	['chat-listen --wait --username bob']='the session'
	['chat-send --username alice']='the session'
	["printf 'one"]='the session'
	['kill %2 %1']='the session'
	['chat-validate --from server --stats']='the session'
	['chat-listen --exec jq']='bots-as-printed.sh runs it'
	['chat-listen --no-self --no-loop']='bots-as-printed.sh runs it'
	['CHAT_TOKEN=$(jq -r .token alice.json) chat-send -U wss://chat.example.com']='there is no such host'
	['chat-listen -c ops -U wss://a.example.com']='clients-several-servers.sh has such a list'
	['chat-serve --host chat.example.com --trust-proxy']='serve-proxies.sh runs it'
	['chat-serve --proxy-protocol 127.0.0.1']='serve-proxies.sh runs it'
	['podman build']='tests/package/container.sh runs it'
	['chat-serve --listen 127.0.0.1:3001 --listen unix:/run/chat/proxy']='serve-proxies.sh runs it'
)

# What is no command, by its first words. serve-proxies.sh starts the configurations of other programs.
formats=('server_name: a' 'CHAT_SERVE_OPTIONS=' 'server {' 'frontend web' 'chat.example.com {' 'listen chat' 'HiddenServiceDir' '[Service]' '[Socket]' '[Unit]' 'FROM '
	'{"type":"history"' '{"url":' '{"type":"$gap"' 'ee95cf3a 0000005c' 'username:sha256[:id]' 'ops.ndjson:17:42: error:' ' chat-send      ')

spawn "$BUILD/chat-serve" --listen 127.0.0.1:0 --url-file "$TMP/over.url" >"$TMP/over" 2>"$TMP/over.err"
over=$TMP/over
wait_for '[ -s "$TMP/over.url" ]'
B=$(<"$TMP/over.url")
export B

# Those of the library and of the cookbook have tests of their own.
for page in README.md man/*.[157]; do
	[ "$page" = man/chat-cookbook.7 ] || try_page "$page"
done
all_met 50

done_testing
