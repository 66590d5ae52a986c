#!/bin/bash
#
# A client is connected to something that is no chat server, or is not let in because of something on its
# own machine. Its error says what answered and what helps: another protocol, another page, an authority,
# a variable, a token file.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES"
ok 'certificates'

# says REGEX NAME: in the first line on stderr of the command that exits ran last.
says() {
	like "$(head -n 1 "$ERR")" "^chat-[a-z]+: $1" "$2"
}

# soon STATUS NAME COMMAND…: it ends by itself long before the limits of time.
soon() {
	local status=$1 name=$2
	shift 2
	exits "$status" "$name" timeout "$((5 * slowness))" "$@"
}

# ---- TLS ----

serve -q --head-timeout 1h
plain=$CHAT_URL
serve -q --head-timeout 1h --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key"
secure=$CHAT_URL

trust='\(--cacert FILE names whom to trust, -k trusts anybody\)$'
soon 77 'chat-send: an authority that is not known' chat-send hi
says ".*$trust" 'names the options that help'
soon 77 'chat-listen: the same' chat-listen
says ".*$trust" 'likewise'
soon 77 'a bot' chat-listen --exec cat
says ".*$trust" 'likewise'
echo hi | soon 77 'lines' chat-send -l
says ".*$trust" 'likewise'
soon 0 'with the one it helps' chat-send --cacert "$TMP/ca.pem" hi
soon 0 'with the other, too' chat-send -k hi
soon 66 'authorities that are not there' chat-send --cacert "$TMP/none.pem" hi
says "$secure: --cacert: $TMP/none.pem: No such file or directory\$" 'names the option'
soon 66 'a file without authorities' env CHAT_CACERT="$TMP/server.key" chat-send hi
says "$secure: CHAT_CACERT: $TMP/server.key: no certificates in PEM\$" 'names the variable'
soon 66 'in the variables of curl' env SSL_CERT_FILE="$TMP/none.pem" chat-listen
says "$secure: SSL_CERT_FILE: $TMP/none.pem: No such file or directory\$" 'likewise'
# What a new machine without the package ca-certificates looks like.
if unshare --user --map-root-user --mount true 2>"$ERR"; then
	soon 66 'a system that has no authorities' unshare --user --map-root-user --mount \
		sh -c 'mount -t tmpfs none /etc/ssl && exec chat-send hi'
	says '.*\(install ca-certificates, or name whom to trust by --cacert FILE\)$' 'what helps is said'
else
	skip 'a system that has no authorities' "$(head -n 1 "$ERR")"
fi

soon 76 'wss: where no TLS is spoken' chat-send -U "${plain/ws:/wss:}" hi
says '.*: the server'\''s answer is not TLS \(is it ws:// in place of wss://\?\)$' 'it is said at once'
soon 76 'ws: where TLS is spoken' chat-listen -U "${secure/wss:/ws:}"
says '.*: the server answers 400 Bad Request: "TLS is spoken here: wss:// in place of ws://"$' 'it is said at once'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -keyout "$TMP/x.key" -out "$TMP/x.pem" 2>/dev/null
serve -q --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key" --tls-client-ca "$TMP/ca.pem"
soon 77 'a server that wants a certificate' chat-send -k hi
says '.*\(it may want to be shown a --cert\)$' 'the option is named'
soon 77 'another certificate than that' chat-send -k --cert "$TMP/x.pem" --key "$TMP/x.key" hi
says '.*\(it does not trust our --cert\)$' 'likewise'

# ---- other servers ----
#
# One that answers by the path; the first of the pieces is sent at once, each of the others after a tenth of a second,
# and the end is said only where the path is told so.

cat >"$TMP/pages.py" <<'PY'
import socketserver, time

TYPE = "Content-Type: %s\r\n\r\n"
PAGES = {
    "/page": ["HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n" + TYPE % "text/html", "<html><TITLE\n>Welcome", " to nginx!</title>", None],
    "/ended": ["HTTP/1.0 502 Bad Gateway\r\n" + TYPE % "text/html", "<title>It broke"],
    "/login": ["HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\n\r\n"],
    "/json": ["HTTP/1.1 404 Not Found\r\nContent-Length: 17\r\n" + TYPE % "application/json", '{"error":', '"none"}\n', None],
    "/silent": ["HTTP/1.1 200 OK\r\n" + TYPE % "text/html", None],
    "/evil": ["HTTP/1.1 200 \x1b[2J" + "x" * 500 + "\r\nServer: \x1b]52;\x07\r\n" + TYPE % "text/plain", "\x1b[31m" + "y" * 9000, None],
    "/later": ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n" + TYPE % "text/plain", "full\n"],
    "/ssh": ["SSH-2.0-OpenSSH_9.2p1 Debian\r\n", None],
    "/gone": [],
}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        path = self.request.recv(4096).decode().split(" ")[1]
        for number, piece in enumerate(PAGES[path]):
            if piece is None:
                return self.request.recv(1)  # until the other side has had enough
            time.sleep(0.1 if number else 0)
            self.request.sendall(piece.encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Handler) as server:
    print("ws://127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()
PY
spawn python3 "$TMP/pages.py" >"$TMP/pages.url" 2>/dev/null
wait_for '[ -s "$TMP/pages.url" ]'
read -r pages <"$TMP/pages.url"

# answers PATH STATUS TEXT NAME: what chat-send says of it.
answers() {
	soon "$2" "$4" chat-send -U "$pages$1" --retry-for 0 hi
	is "$(head -n 1 "$ERR")" "chat-send: $pages$1: $3" 'it is said what came'
}

answers /page 76 'the server answers 200 OK, says nginx/1.22.1: "Welcome to nginx!"' 'a page that comes in pieces'
answers /ended 76 'the server answers 502 Bad Gateway: "It broke"' 'one that is cut'
answers /login 76 'the server answers 302 Found, it is at https://login.example/' 'a way on'
answers /json 76 'the server answers 404 Not Found: "{"error":"none"}"' 'JSON'
answers /silent 76 'the server answers 200 OK' 'a page that never comes'
answers /later 75 'the server answers 503 Service Unavailable: "full"' 'a server that is full'
answers /ssh 76 'the server'\''s answer is not HTTP: "SSH-2.0-OpenSSH_9.2p1 Debian"' 'another protocol'
answers /gone 69 'the server ended the connection, without an answer (is TLS spoken there, wss:// in place of ws://?)' 'nothing'
soon 76 'what would do something to a terminal' chat-send -U "$pages/evil" hi
is "$(head -n 1 "$ERR" | tr -d '[:print:]\n')" '' 'is shown'
[ "$(head -n 1 "$ERR" | wc -c)" -lt 300 ]
ok 'and cut'

# ---- the environment ----

# names VARIABLE VALUE STATUS COMMAND…
names() {
	local variable=$1 value=$2 status=$3
	shift 3
	soon "$status" "$variable=$value" env "$variable=$value" "$@"
	says "(.*: the proxy of )?$variable: ." 'the variable is named'
}

for command in 'chat-send hi' 'chat-listen --no-follow'; do
	read -ra words <<<"$command"
	names CHAT_URL http://localhost/ 64 "${words[@]}"
	names CHAT_USERNAME x 64 "${words[@]}"
	names CHAT_ID 'a b' 64 "${words[@]}"
	names CHAT_TOKEN ' ' 64 "${words[@]}"
	names CHAT_TOKEN_FILE "$TMP/none" 66 "${words[@]}"
	names http_proxy nonsense://x/ 69 "${words[@]}" -U ws://chat.invalid/
	names all_proxy "http://127.0.0.1:${pages##*:}0/" 69 "${words[@]}" -U ws://chat.invalid/
done
names http_proxy nonsense://ann:secret@x/ 69 chat-send -U ws://chat.invalid/ hi
unlike "$(cat "$ERR" "$OUT")" secret 'and a password in it is not said'
soon 0 'a value that an option replaces is nothing' env CHAT_URL=x CHAT_USERNAME=x CHAT_ID='a b' \
	CHAT_TOKEN_FILE="$TMP/none" CHAT_TOKEN=' ' chat-send -U "$plain" -u alice --id a \
	--token-file <(echo token) hi

# ---- files with tokens ----

CHAT_URL=$plain chat-serve --new-token alice >"$TMP/alice"
token=$(jq -r .token "$TMP/alice")
line=$(jq -r .line "$TMP/alice")
mark=$'\xef\xbb\xbf'
for form in '%s' '%s\n' '%s \t\n' '\n\n%s\n' '%s\r\n' "$mark%s\\n" "$mark\\r\\n%s  \\r\\n\\r\\n" '%s\nanother\n' ' %s\n'; do
	# shellcheck disable=SC2059 # the forms are formats
	printf "$form" "$token" >"$TMP/token"
	# shellcheck disable=SC2059
	printf "${form/another/# a word}" "$line" >"$TMP/tokens"
	[ "${form:0:1}" != ' ' ] || printf '%s\n' "$line" >"$TMP/tokens"
	serve -q --tokens "$TMP/tokens"
	soon 0 "a token as $(printf %q "$form")" chat-send -u alice --token-file "$TMP/token" hi
	soon 0 'also in the environment' env CHAT_TOKEN="$(cat "$TMP/token")" chat-send -u alice hi
	stop "$SERVE_PID"
done
says_token() {
	exits 66 "a token: $2" chat-send --token-file "$TMP/token" hi
	says "$TMP/token: $1\$" 'it is said what is wrong'
	[ -z "$token" ] || unlike "$(cat "$ERR")" "$token" 'and not what it is'
}
printf ' \n\n' >"$TMP/token" && says_token 'no token is in it' 'blanks'
printf '%s' "$token" | iconv -t UTF-16 >"$TMP/token" && says_token 'not a token: not UTF-8' 'UTF-16'
printf '%03000d' 7 >"$TMP/token" && says_token 'not a token: over 2048 bytes' 'very long'

done_testing
