#!/bin/bash
#
# chat-cookbook(7), BRIDGES: each example runs as it is printed, with the real neighbour, whose port is a free one.
# Messages go both ways while every process, the chat and the neighbour are killed in turn; what arrived is counted.
# The servers keep what they have: --journal, a log of Redis, a stream of NATS, a session of MQTT, which mosquitto
# writes when it is told to end. IRC and XMPP keep nothing for a bridge that is away.

LIMIT=280 FULL_LIMIT=7200
. tests/lib.sh
. tests/examples.sh

most=${full:+10000} most=${most:-80}
mkdir "$TMP/neighbours"
ln -s /usr/bin/python3 "$TMP/neighbours/python3"
PATH=$TMP/neighbours:$PATH

# ---- a chat that keeps what is said ----

chat_begins() {
	serve_at "${1:-127.0.0.1:0}" --grace 0s --journal "$PWD/journal"
}

chat_dies() {
	local address=${CHAT_URL#ws://}
	slay "$SERVE_PID"
	chat_begins "${address%/}"
}

# here_has WORD: the numbers of the messages in the channel that end with this word and a number.
here_has() {
	chat-listen -c ops -u reader --hidden --since all --no-follow -t message | jq -r .content | sed -n "s/.*$1 \([0-9]*\)$/\1/p"
}

# answers_on PORT: something listens there.
answers_on() {
	{ : <>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null
}

# ---- both ways ----

# starts: the example from a file, so that the commands in it are in no process's arguments.
starts() {
	printf '%s\n' "$example" >example.sh
	spawn bash example.sh >>out 2>>err
	running=$!
}

# kills WHAT: `chat`, `neighbour`, `all` processes of the example, or the one whose command line begins so.
kills() {
	local pid
	case $1 in
	chat) chat_dies ;;
	neighbour) neighbour_dies ;;
	all)
		pgrep -s "$running" | xargs kill -KILL 2>/dev/null
		wait "$running" 2>/dev/null
		forget "$running"
		starts
		;;
	*)
		wait_for "pgrep -s $running -f -- '^$1' >pids"
		read -r pid <pids
		kill -KILL "$pid" 2>"$TMP/dead" # it may have ended by itself
		;;
	esac
}

# both_ways WHAT…: a part of the messages goes each way before each of these is killed. there_say sends the lines of
# standard input at the neighbour, there_has prints the numbers of the messages that came there. Sets out and in to
# what was lost and doubled.
both_ways() {
	local begin=$said step=$((most / ($# + 1))) what
	for what in "$@" ''; do
		seq -f 'out %.0f' $((said + 1)) $((said + step)) | chat-send -lq -c ops -u alice --retry-for forever
		seq -f 'in %.0f' $((said + 1)) $((said + step)) | there_say
		said=$((said + step))
		[ -z "$what" ] || kills "$what"
		[ -z "${waits-}" ] || meets_again
	done
	settles there_has "$begin" 20
	settles here_has "$begin" "${waits:+4}"
	out=$(counts there_has "$begin") in=$(counts here_has "$begin")
	diag "$((said - begin)) each way, killed in turn: $*; to the neighbour $out, from it $in"
}

# meets_again: both ways work again, as before the next death at an end that keeps nothing.
meets_again() {
	probes=$((probes + 1))
	wait_for 'there_say <<<"probe $probes" && here_has probe | grep -qx "$probes"' 20
}
probes=0

# numbers COMMAND BEGIN: what it prints of what was said since then.
numbers() {
	"$1" in | awk -v begin="$2" -v end="$said" '$1 > begin && $1 <= end'
}

# settles COMMAND BEGIN QUIET: waits until all have arrived, or so many half seconds long no more come (20).
settles() {
	local got=-1 before=-2 quiet=0
	while [ "$got" -lt $((said - $2)) ] && [ "$quiet" -lt $((${3:-20} * slowness)) ]; do
		read -r -t 0.5 <>"$TMP/never"
		before=$got got=$(numbers "$1" "$2" | sort -u | wc -l)
		[ "$got" = "$before" ] && quiet=$((quiet + 1)) || quiet=0
	done
}

counts() {
	local all once
	all=$(numbers "$@" | wc -l) once=$(numbers "$@" | sort -u | wc -l)
	echo "$((said - $2 - once)) lost $((all - once)) doubled"
}

# meets: both ways work.
meets() {
	said=0
	wait_for 'chat-send -q -c ops -u alice "out 0"; there_has | grep -qx 0' 20 &&
		wait_for 'echo "in 0" | there_say; here_has in | grep -qx 0' 20
	ok "$page: $first"
}

# no_loop WHICH: what came from the neighbour is not there as a message of the chat, and the reverse.
no_loop() {
	is "$(chat-listen -c ops -u reader --hidden --since all --no-follow -t message | jq -r .content | grep -c '^<.*out ')" 0 \
		"$1: what was said in the chat does not come back"
	is "$(there_lines | grep -c '"bridge-.*in [0-9]')" 0 "$1: nor what came from there"
}

ends_bridge() {
	stop "$running"
	pgrep -s "$running" | xargs -r kill -KILL 2>/dev/null
	stop "$neighbour"
	stop "$SERVE_PID"
}

# ---- Redis ----

redis_begins() {
	spawn redis-server --port "$port" --bind 127.0.0.1 --dir "$PWD" --save '' --appendonly yes --appendfsync always >>redis.log
	neighbour=$!
	wait_for '[ "$(redis-cli ping 2>&1)" = PONG ]' 30 # it does not answer so while it loads
}

bridges_redis() {
	needs redis-server redis-cli || return
	chat_begins
	port=$("$TOP/tests/helpers/ports.py" 1)
	printf '#!/bin/sh\nexec /usr/bin/redis-cli -p %d "$@"\n' "$port" >"$TMP/neighbours/redis-cli"
	chmod +x "$TMP/neighbours/redis-cli"
	there_say() { sed 's/.*/XADD ops * sender bob text "&"/' | redis-cli >added; }
	there_lines() { redis-cli --json XRANGE ops - + | jq -c '.[]'; }
	there_has() { there_lines | jq -r '.[1] | select(index("id")) | .[index("text") + 1]' | sed -n 's/^out //p'; }
	neighbour_dies() { slay "$neighbour" && redis_begins; }
	redis_begins
	starts
	meets
	both_ways chat-listen 'bash to-redis' jq /usr/bin/redis-cli 'bash from-redis' all chat neighbour
	is "$out" "0 lost 0 doubled" 'redis: nothing is lost or doubled on the way out'
	is "$in" '0 lost 0 doubled' 'nor on the way in'
	no_loop redis
	threads_redis
	ends_bridge
}

threads_redis() {
	local asked answered
	asked=$(chat-send -c ops -u alice 'a question' | jq -r .id)
	redis-cli XADD ops '*' sender bob text 'an answer' replyTo "$asked" >entry
	wait_for 'here_line "<bob> an answer" >line && [ -s line ]'
	is "$(jq -r .replyTo line)" "$asked" 'redis: an answer from there is one'
	answered=$(jq -c '{text: "well answered", replyTo: .id}' line | chat-send -c ops -u alice | jq -r .id)
	wait_for "there_lines | grep -q '$answered'"
	is "$(there_lines | jq -r --arg id "$answered" '.[1] | select(.[1] == $id) | .[index("replyTo") + 1]')" "$(<entry)" \
		'one to it names its number there'
}

# here_line TEXT: the message of the channel with this text.
here_line() {
	chat-listen -c ops -u reader --hidden --since all --no-follow -t message | jq -c --arg text "$1" 'select(.content == $text)'
}

# ---- MQTT ----

mqtt_begins() {
	spawn mosquitto -c mosquitto.conf >>mosquitto.log 2>&1
	neighbour=$!
	wait_for "answers_on $port"
}

bridges_mqtt() {
	needs mosquitto mosquitto_pub mosquitto_sub || return
	chat_begins
	port=$("$TOP/tests/helpers/ports.py" 1)
	printf '%s\n' "listener $port 127.0.0.1" 'allow_anonymous true' 'persistence true' "persistence_location $PWD/" \
		'max_queued_messages 0' "user $(id -un)" >mosquitto.conf
	mkdir -p "$HOME/.config"
	tee "$HOME/.config/mosquitto_sub" >"$HOME/.config/mosquitto_pub" <<<"-p $port"
	cp "$TMP/from-file" .
	there_say() { mosquitto_pub -l -q 1 -t ops; }
	there_lines() { cat witness; }
	there_has() { jq -r '.payload | fromjson? | objects | select(.id).text' witness | sed -n 's/^out //p'; }
	neighbour_dies() { stop "$neighbour"; mqtt_begins; }
	mqtt_begins
	spawn mosquitto_sub -c -i other -q 1 -t ops -F %j >witness
	starts
	meets
	both_ways chat-listen 'bash to-mqtt' jq mosquitto_sub chat-send tail all chat neighbour
	like "$out" '^0 lost [0-9]? doubled' 'mqtt: nothing is lost on the way out'
	like "$in" '^[0-9]? lost 0 doubled' 'and nothing is doubled on the way in'
	no_loop mqtt
	[ -z "$full" ] || dies_mqtt
	mosquitto_pub -t ops -m 23.5
	wait_for 'here_line "<mqtt> 23.5" >line && [ -s line ]'
	is "$(jq -c .via line)" '["mqtt/ops"]' 'mqtt: what is not JSON is text'
	ends_bridge
}

# dies_mqtt: the broker is killed. It loses what it has not saved, and says again what it had saved as not yet taken.
dies_mqtt() {
	neighbour_dies() { slay "$neighbour" && mqtt_begins; }
	both_ways neighbour neighbour neighbour
	like "$out, $in" '^[0-9]+ lost [0-9]+ doubled, [0-9]+ lost' 'mqtt: a broker that seldom saves'
	stop "$neighbour"
	printf '%s\n' 'autosave_on_changes true' 'autosave_interval 1' >>mosquitto.conf
	mqtt_begins
	both_ways neighbour neighbour neighbour
	like "$out, $in" '^0 lost [0-9]+ doubled, 0 lost' 'mqtt: a broker that saves each change loses nothing'
}

# ---- NATS ----

nats_begins() {
	spawn nats-server -a 127.0.0.1 -p "$port" -js -sd "$PWD/nats" >>nats.log 2>&1
	neighbour=$!
	wait_for "answers_on $port"
}

bridges_nats() {
	needs nats-server || return
	chat_begins
	port=$("$TOP/tests/helpers/ports.py" 1)
	example=${example//4222/$port}
	there_say() {
		local line
		exec {nats}<>"/dev/tcp/127.0.0.1/$port"
		printf 'CONNECT {"verbose":false}\r\n' >&"$nats"
		while read -r line; do
			line="{\"sender\":\"bob\",\"text\":\"$line\"}"
			printf 'PUB ops %d\r\n%s\r\n' ${#line} "$line" >&"$nats"
		done
		printf 'PING\r\n' >&"$nats"
		grep -m 1 PONG <&"$nats" >pong
		exec {nats}>&-
	}
	there_lines() { "$TOP/tests/helpers/nats-stream.py" "$port"; }
	there_has() { there_lines | jq -r 'select(.id).text' | sed -n 's/^out //p'; }
	neighbour_dies() { slay "$neighbour" && nats_begins; }
	nats_begins
	starts
	meets
	both_ways chat-listen 'bash to-nats' jq 'bash from-nats' chat-send all chat neighbour
	is "$out" "0 lost 0 doubled" 'nats: nothing is lost or doubled on the way out'
	is "$in" '0 lost 0 doubled' 'nor on the way in'
	no_loop nats
	ends_bridge
}

# ---- IRC ----

irc_begins() {
	spawn ngircd -n -f "$PWD/ngircd.conf" >>ngircd.log 2>&1
	neighbour=$!
	wait_for "answers_on $port"
}

bridges_irc() {
	needs ngircd || return
	chat_begins
	port=$("$TOP/tests/helpers/ports.py" 1)
	# It would take one message a second.
	printf '%s\n' '[Global]' 'Name = irc.test' 'Info = test' "Ports = $port" 'Listen = 127.0.0.1' "ServerUID = $(id -u)" \
		"ServerGID = $(id -g)" '[Limits]' 'MaxPenaltyTime = 0' 'MaxConnectionsIP = 0' '[Options]' 'DNS = no' 'Ident = no' 'PAM = no' >ngircd.conf
	example=${example//127.0.0.1:6667/127.0.0.1:$port}
	cp "$TMP/from-file" .
	mkfifo to-peer
	exec {peer}<>to-peer
	there_say() { cat >&"$peer"; }
	there_lines() { cat peer; }
	there_has() { sed -n 's/^<alice> out //p' peer; }
	neighbour_dies() { slay "$neighbour" && irc_begins; }
	irc_begins
	spawn "$TOP/tests/helpers/irc-peer.py" "$port" bob '#ops' <to-peer >peer
	starts
	meets
	waits=1
	both_ways chat-listen jq chat-send tail chat
	like "$out" '^0 lost [0-9]? doubled' 'irc: nothing is lost on the way out'
	like "$in" '^[0-9]+ lost 0 doubled' 'and nothing is doubled on the way in'
	is "$(there_lines | grep -c 'in [0-9]')" 0 'irc: what was said there does not come back'
	chat-send -q -c ops -u alice "$(printf 'a\rQUIT\n<bob> %0400d☕' 7)"
	there_say <<<$'\1ACTION waves\1'
	wait_for 'here_line "<bob> * waves" >line && [ -s line ] && grep -q ☕ peer'
	is "$(grep -A 3 '^<alice> a$' peer | sed 's/0*//g')" $'<alice> a\n<alice> QUIT\n<alice> <bob> \n<alice> 7☕' \
		'irc: each line of a long message has the sender'
	both_ways 'perl irc.pl' all neighbour
	like "$out, $in" '^[0-9]+ lost [0-9]+ doubled, [0-9]+ lost 0 doubled$' 'irc: nothing is doubled on the way in when its server dies'
	waits=''
	exec {peer}>&-
	ends_bridge
}

# ---- XMPP ----

xmpp_begins() {
	spawn prosody --config "$PWD/prosody.cfg.lua" -F >>prosody.out 2>&1
	neighbour=$!
	wait_for "answers_on $port"
}

bridges_xmpp() {
	needs prosody || return
	chat_begins
	port=$("$TOP/tests/helpers/ports.py" 1)
	mkdir data
	cat >prosody.cfg.lua <<-END
		data_path = "$PWD/data"; pidfile = "$PWD/prosody.pid"; run_as_root = true
		log = { info = "$PWD/prosody.log" }; modules_disabled = { "c2s", "s2s" }
		component_ports = { $port }; component_interfaces = { "127.0.0.1" }
		VirtualHost "localhost"
		Component "rooms.localhost" "muc"
		    muc_room_locking = false
		Component "chat.localhost"
		    component_secret = "secret"
		Component "people.localhost"
		    component_secret = "peer"
	END
	export XMPP_SECRET=secret
	example=${example//127.0.0.1 5347/127.0.0.1 $port}
	cp "$TMP/from-file" .
	mkfifo to-peer
	exec {peer}<>to-peer
	there_say() { cat >&"$peer"; }
	there_lines() { cat peer; }
	there_has() { jq -r .body peer | sed -n 's/^&lt;alice&gt; out //p'; }
	neighbour_dies() { slay "$neighbour" && xmpp_begins; }
	xmpp_begins
	spawn "$TOP/tests/helpers/xmpp-peer.py" "$port" people.localhost ops@rooms.localhost <to-peer >peer
	starts
	meets
	waits=1
	both_ways chat-listen jq chat-send tail chat
	like "$out" '^0 lost [0-9]? doubled' 'xmpp: nothing is lost on the way out'
	like "$in" '^[0-9]+ lost 0 doubled' 'and nothing is doubled on the way in'
	is "$(jq -r .body peer | grep -c 'in [0-9]')" 0 'xmpp: what was said there does not come back'
	chat-send -q -c ops -u alice $'</body> & \1\n☕'
	wait_for 'grep -q ☕ peer || jq -r .body peer | grep -q ☕'
	is "$(jq -r .body peer | tail -n 2)" $'&lt;alice&gt; &lt;/body&gt; &amp; \xEF\xBF\xBD\n☕' 'xmpp: what is said is no XML'
	both_ways 'python3 xmpp.py' all neighbour
	like "$out, $in" '^[0-9]+ lost [0-9]+ doubled, [0-9]+ lost 0 doubled$' 'xmpp: nothing is doubled on the way in when its server dies'
	waits=''
	exec {peer}>&-
	ends_bridge
}

# ---- mail ----

sends_digest() {
	needs msmtp base64 || return
	local text=$'hello\n.\nBcc: x'
	chat_begins
	mkdir mails
	helper mail-sink.py port mails
	printf '%s\n' 'account default' 'host 127.0.0.1' "port $(<port)" 'from chat@example.org' >"$HOME/.msmtprc"
	chmod 600 "$HOME/.msmtprc"
	runs
	is "$(ls mails)" '' 'nothing was said: no mail'
	asked=$(chat-send -c ops -u alice "$text" | jq -r .id)
	jq -nc --arg id "$asked" '{text: "yes ☕", replyTo: $id}' | chat-send -q -c ops -u bob
	: >mails/refuse
	exits 69 'a mail that is not accepted' bash -c "$example"
	rm mails/refuse
	chat-send -q -c ops -u alice bye
	runs
	is "$(ls mails)" mail.0 'the next run sends it, in one mail'
	is "$(tr -d '\r' <mails/mail.0 | grep -E '^(To|Subject|Message-ID):' | paste -sd' ')" \
		"To: ops@example.org Subject: 3 messages in ops Message-ID: <$asked.3@chat.example>" 'with these headers'
	is "$(tr -d '\r' <mails/mail.0 | sed '1,/^$/d' | base64 -d | sed -E 's/^[-0-9]{10} [0-9:]{8}$/at/')" "at
<alice> hello
    .
    Bcc: x

at
> <alice> hello
> .
> Bcc: x
<bob> yes ☕

at
<alice> bye" 'who said what, and in answer to what'
	runs
	is "$(ls mails)" mail.0 'nothing is sent twice'
	dies_in_digest
	stop "$SERVE_PID"
}

# dies_in_digest: a run is killed while it reads, then before the mail, then after it, by programs that stand in for the
# real ones.
dies_in_digest() {
	local begin=0 step=$((most / 4)) program
	mkdir dies
	printf '#!/bin/bash\n"%s/chat-listen" "$@" &\nuntil [ -s mail.ndjson ]; do :; done\nkill -KILL 0\n' "$BUILD" >dies/chat-listen
	printf '#!/bin/bash\nkill -KILL 0\n' >dies/jq
	printf '#!/bin/bash\n/usr/bin/msmtp "$@"\nkill -KILL 0\n' >dies/msmtp
	chmod +x dies/*
	rm mails/*
	for program in chat-listen jq msmtp ''; do
		seq -f 'out %.0f' $((begin + 1)) $((begin + step)) | chat-send -lq -c ops -u alice
		begin=$((begin + step))
		[ -n "$program" ] || break
		mkdir "with.$program"
		ln "dies/$program" "with.$program"
		PATH=$PWD/with.$program:$PATH starts
		{
			wait_for "! alive $running" 60
			wait "$running"
		} 2>/dev/null
		forget "$running"
	done
	runs
	said=$begin
	there_has() { digests | sed -n 's/^<alice> out //p'; }
	out=$(counts there_has 0)
	diag "$said in $(find mails -type f | wc -l) mails, killed in turn: chat-listen, jq, msmtp: $out"
	like "$out" '^0 lost' 'mail: nothing is lost'
	is "$(find mails -type f | wc -l)" 2 'what was sent before the end comes again'
}

# digests: the texts of all mails.
digests() {
	local mail
	for mail in mails/*; do
		tr -d '\r' <"$mail" | sed '1,/^$/d' | base64 -d
	done
}

# ---- a file ----

sends_file_lines() {
	local program step=$((most / 6))
	chat_begins
	said=2
	printf 'in 1\nin 2\n' >app.log
	starts
	wait_for '[ "$(here_has in | wc -l)" -eq 2 ]'
	ok "$page: $first"
	cp from-file "$TMP"
	for program in chat-send tail jq all chat ''; do
		seq -f 'in %.0f' $((said + 1)) $((said + step)) >>app.log
		said=$((said + step))
		[ -z "$program" ] || kills "$program"
	done
	settles here_has 0
	diag "$said lines, killed in turn: chat-send tail jq all chat: $(counts here_has 0)"
	here_has in | sed 's/^/in /' | cmp - app.log
	ok 'each line once, in their order'
	stop "$running"
	stop "$SERVE_PID"
}

does=(
	["cat >from-file <<'END'"]=sends_file_lines
	["cat >to-mqtt <<'END'"]=bridges_mqtt
	["cat >irc.pl <<'END'"]=bridges_irc
	["cat >mail-digest <<'END'"]=sends_digest
	["cat >xmpp.py <<'END'"]=bridges_xmpp
	["cat >new-stream <<'END'"]=bridges_nats
	["cat >to-redis.lua <<'END'"]=bridges_redis
)

try_page man/chat-cookbook.7 'BRIDGES'
all_met 7

done_testing
