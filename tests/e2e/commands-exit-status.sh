#!/bin/bash
#
# Each row of the table of exit statuses holds, with a sentence on stderr, and nothing is lost on the way
# out.

. tests/lib.sh

commands='chat-serve chat-send chat-listen chat-validate'

# says REGEX NAME: one line on stderr, of the command that exits ran last.
says() {
	like "$(cat "$ERR")" "^chat-[a-z]+: $1" "$2"
}

# A port that is taken and on which nobody listens: connecting to it is refused.
spawn python3 -c '
import socket, sys
holder = socket.socket()
holder.bind(("127.0.0.1", 0))
print(holder.getsockname()[1], flush=True)
sys.stdin.read()' <>"$TMP/never" >"$TMP/port"
wait_for '[ -s "$TMP/port" ]'
refused=ws://127.0.0.1:$(cat "$TMP/port")/

helper refusing-server.py "$TMP/refusing"
refusing=$(cat "$TMP/refusing")

# ---- 0 all that was asked happened ----

serve --max-channels 2
exits 0 '0: a message is accepted' chat-send hello
is "$(jq -r '.type + " " + .content' "$OUT")" 'message hello' 'and the receipt says so'
exits 0 '0: what is there is listed' chat-listen --no-follow
is "$(jq -r .type "$OUT" | paste -sd' ')" 'userData history' 'userData and history'
exits 0 '0: a count is reached' chat-listen -C 1
exits 0 '0: nothing to send needs no server' chat-send -U "$refused" </dev/null
printf '{"type":"text","text":"hi"}\n' | exits 0 '0: a valid line' chat-validate
for command in $commands; do
	exits 0 "0: $command --help" "$command" --help
	is "$(lines "$ERR")" 0 'says nothing on stderr'
done

# ---- 1 it ran, and the answer is no ----

printf '%s\n' before no after | exits 1 '1: the server refuses a message' chat-send -l -U "$refusing/picky"
is "$(jq -r '.content // "\(.code) \(.line)"' "$OUT" | paste -sd,)" 'before,picky 2,after' 'and takes the others'
says 'line 2: picky: ' 'its number is said'
printf '{"type":"text","text":""}\n' | exits 1 '1: an invalid line' chat-validate
printf '{"type":"text","text":""}\n' | exits 1 'also in silence' chat-validate -q
is "$(cat "$OUT" "$ERR")" '' 'which is silent'

# ---- 64 usage ----

for command in $commands; do
	exits 64 "64: $command with an option that is none" "$command" --nonsense
	is "$(lines "$ERR") $(lines "$OUT")" '2 0' 'two lines on stderr'
	like "$(tail -n 1 "$ERR")" "^Try '$command --help'" 'the second says where help is'
done
exits 64 '64: no channel' chat-send -c '/a//b' hello
exits 64 '64: no URL' chat-listen http://localhost/
exits 64 '64: no duration' chat-listen -W soon
exits 64 '64: no address' chat-serve --listen nonsense:port
exits 64 '64: a name that no server takes' chat-send -u ab hello

# ---- 65 an input line is not a message ----

printf '%s\n' '{"text":"one"}' '{"text":' '{"text":"three"}' | exits 65 '65: a line is no message' chat-send
is "$(jq -r '.content // "\(.code) \(.line)"' "$OUT" | paste -sd,)" 'one,bad_json 2,three' 'the others go'
says 'line 2: ' 'its number is said'
printf 'one\n\303\nthree\n' | exits 65 '65: a line is not UTF-8' chat-send -l
is "$(jq -r '.content // .code' "$OUT" | paste -sd,)" 'one,bad_utf8,three' 'the others go'
exits 65 '65: a text is too long' chat-send "$(printf '%01001d' 0)"
is "$(jq -r .code "$OUT")" text_too_long 'and not cut'

# A line of 100 MB among others costs neither the others nor the memory.
{
	printf '{"text":"before"}\n'
	head -c 100000000 /dev/zero | tr '\0' x
	printf '\n{"text":"after"}\n'
} | exits 65 '65: a line of 100 MB' chat-send
is "$(jq -r '.content // .code' "$OUT" | paste -sd,)" 'before,too_large,after' 'the others go'
{
	printf '{"type":"text","text":"before"}\n'
	head -c 100000000 /dev/zero | tr '\0' x
	printf '\n{"type":"text","text":"after"}\n'
} | exits 1 'chat-validate and a line of 100 MB' chat-validate --stats
is "$(grep -E '^(valid|invalid|error)' "$OUT" | paste -sd,)" 'valid: 2,invalid: 1,error too_large: 1' 'the others count'

# ---- 66 an input file cannot be read ----

exits 66 '66: a file that is not there' chat-send -f "$TMP/nowhere"
says '.*nowhere: No such file or directory' 'is named'
exits 66 '66: a log that is not there' chat-validate "$TMP/nowhere"
says '.*nowhere: No such file or directory' 'is named'
exits 66 '66: a folder is no log' chat-validate "$TMP"
exits 66 '66: a token that is not there' chat-listen --token-file "$TMP/nowhere"

# ---- 68 unknown host ----

for command in 'chat-send hello' chat-listen; do
	# shellcheck disable=SC2086 # the words of the command
	exits 68 "68: $command to a host that is none" $command -U ws://nosuchhost.invalid/ --connect-timeout 60s
	says '.*nosuchhost\.invalid' 'it is named'
done

# ---- 69 cannot connect, or lost and not recovered ----

for command in 'chat-send hello' chat-listen; do
	# shellcheck disable=SC2086
	exits 69 "69: $command to a port where nobody listens" $command -U "$refused"
	says "$refused: Connection refused" 'as it is'
done
exits 69 '69: no such socket' chat-send --unix-socket "$TMP/nowhere" hello
exits 69 '69: an address that is taken' chat-serve --listen "${CHAT_URL:5:-1}"
first_url=$CHAT_URL
serve
spawn chat-listen --no-reconnect >"$TMP/listened" 2>"$TMP/listened.err"
listener=$!
wait_for '[ "$(lines "$TMP/listened")" -ge 2 ]'
slay "$SERVE_PID"
ends "$listener" 69 '69: the server is killed and the listener may not come back'
CHAT_URL=$first_url

# ---- 2 some messages may or may not have been accepted ----

serve
mkfifo "$TMP/input"
exec 8<>"$TMP/input"
spawn chat-send --retry-for 0 <&8 8>&- >"$TMP/receipts" 2>"$TMP/errors"
sender=$!
echo '{"text":"heard"}' >&8
wait_for '[ "$(lines "$TMP/receipts")" -eq 1 ]'
kill -STOP "$SERVE_PID"
echo '{"text":"perhaps"}' >&8
port=${CHAT_URL##*:}
port=$(printf ':%04X' "${port%/}")
# Lines that wait in the socket of the stopped server count as sent.
wait_for "awk -v port='$port' '\$2 ~ port \"\$\" && \$4 == \"01\" && \$5 !~ /:00000000\$/ { found = 1 } END { exit !found }' /proc/net/tcp"
ok 'the second message is on its way'
slay "$SERVE_PID"
exec 8>&-
ends "$sender" 2 '2: the server is killed in the middle'
is "$(jq -r '.content // "\(.type) \(.line)"' "$TMP/receipts" | paste -sd,)" 'heard,$unknown 2' 'and what is unknown is said'
like "$(cat "$TMP/errors")" 'line 2: may or may not have been accepted' 'on stderr too'
CHAT_URL=$first_url

# ---- 73 a file cannot be created ----

exits 73 '73: a URL file in no folder' chat-serve --listen 127.0.0.1:0 --url-file "$TMP/nowhere/url"
says '.*nowhere/url: No such file or directory' 'is named'

# ---- 74 input/output error ----

full() {
	"$@" >/dev/full
}

for command in $commands; do
	exits 74 "74: $command --help >/dev/full" full "$command" --help
	says '.*No space left on device' 'says why'
done
exits 74 '74: chat-listen >/dev/full' full chat-listen
exits 74 '74: chat-send >/dev/full' full chat-send heard anyway
like "$(chat-listen --no-follow --history=flat -t message)" 'heard anyway' 'the message was sent'
printf '{}\n' | exits 74 '74: chat-validate >/dev/full' full chat-validate

# ---- 75 the server says try later, 77 refused, 76 the peer broke the protocol ----
#
# (70 is for what cannot happen, and cannot be made to.)

while read -r status word; do
	exits "$status" "$status: chat-listen and $word" chat-listen -U "$refusing/$word" --retry-for 0
	exits "$status" "$status: chat-send and $word" chat-send -U "$refusing/$word" --retry-for 0 hello
done <<'END'
75 server_full
75 channel_full
75 rate_limited
75 unavailable
75 shutting_down
75 not_initialized
77 unauthorized
77 username_taken
77 id_taken
77 bad_username
76 internal
76 garbage
END
spawn chat-listen >"$TMP/one"
one=$!
spawn chat-listen -c /two >"$TMP/two"
wait_for '[ -s "$TMP/one" ] && [ -s "$TMP/two" ]'
exits 75 '75: a third channel where two are the limit, and somebody is in both' chat-send -c /three hi --retry-for 0
stop "$one"
stop $!

spawn python3 -c '
import socket
server = socket.create_server(("127.0.0.1", 0))
print("ws://127.0.0.1:%d/" % server.getsockname()[1], flush=True)
while True:
    peer = server.accept()[0]
    peer.sendall(bytes(range(256)) * 64)
    peer.close()' >"$TMP/garbage"
wait_for '[ -s "$TMP/garbage" ]'
exits 76 '76: a server that speaks no HTTP' chat-listen "$(cat "$TMP/garbage")"
exits 76 '76: and chat-send' chat-send -U "$(cat "$TMP/garbage")" hello

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null
helper refusing-server.py "$TMP/tls" "$TMP/cert.pem" "$TMP/key.pem"
exits 77 '77: a certificate that nobody vouches for' chat-listen "$(cat "$TMP/tls")/server_full"
exits 77 '77: and chat-send' chat-send -U "$(cat "$TMP/tls")/server_full" hello
exits 75 'trusted, the server has its say' chat-listen --cacert "$TMP/cert.pem" --retry-for 0 "$(cat "$TMP/tls")/server_full"
exits 66 '66: no certificates' chat-listen --cacert "$TMP/nowhere" "$(cat "$TMP/tls")/server_full"

# ---- 124 the time limit ----

exits 124 '124: chat-listen' chat-listen -W 200ms
exits 124 '124: chat-send' chat-send -W 200ms -U "$refusing/silent" hello

# ---- 128+n signals ----

# signalled SIGNAL STATUS COMMAND…: sends it once the command is in the channel.
signalled() {
	local signal=$1 status=$2 before
	shift 2
	before=$(grep -c '"online":true' "$SERVE_OUT")
	spawn "$@" <>"$TMP/never" >"$TMP/signalled" 2>&1
	wait_for "[ \"\$(grep -c '\"online\":true' '$SERVE_OUT')\" -gt $before ]"
	kill -s "$signal" $!
	ends $! "$status" "$status: $signal ends $1"
}

serve --grace 0s
signalled TERM 143 chat-listen
signalled INT 130 chat-listen
signalled HUP 129 chat-listen
exec 8<>"$TMP/input"
for signal in TERM:143 INT:130; do
	spawn chat-send -l <&8 >"$TMP/receipts" 2>/dev/null
	echo "before ${signal%:*}" >&8
	wait_for '[ "$(lines "$TMP/receipts")" -eq 1 ]'
	kill -s "${signal%:*}" $!
	ends $! "${signal#*:}" "${signal#*:}: ${signal%:*} ends chat-send"
done
exec 8>&-

# A reader that goes away ends a listener at once, even when nothing comes.
mkfifo "$TMP/reader"
exec 9<>"$TMP/reader"
spawn chat-listen -t message --history=none >"$TMP/reader" 9>&-
listener=$!
wait_for "[ \"\$(chat-listen --hidden --no-follow -t userData | jq '.users | length')\" -ge 1 ]"
exec 9>&-
ends "$listener" 141 '141: the reader of chat-listen is gone'
exits 0 'chat-listen | head -1 ends' bash -c 'chat-listen | head -1 | jq -e ".type == \"userData\""'

for signal in TERM INT; do
	kill -s "$signal" "$SERVE_PID"
	ends "$SERVE_PID" 0 "0: $signal ends chat-serve, as asked"
	serve --grace 0s
done

# ---- binary garbage on the port of a server ----

port=${CHAT_URL##*:}
head -c 100000 /dev/urandom | timeout 20 curl -sS --max-time 15 "telnet://127.0.0.1:${port%/}" >"$TMP/answer" 2>/dev/null
like "$(head -n 1 "$TMP/answer" | tr -d '\0\r')" '^(HTTP/1\.1 4[0-9][0-9] .*|)$' 'garbage gets an answer, or a close'
exits 0 'and the server serves' chat-send still here

done_testing
