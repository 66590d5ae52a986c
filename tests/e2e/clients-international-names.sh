#!/bin/bash
#
# A host name may be written with the letters of any language. The network sees its ASCII form; messages
# for people show what they typed.

. tests/lib.sh
. tests/helpers/certs.sh

serve -v
port=${CHAT_URL##*:}
port=${port%/}
there=ws://bücher.localhost:$port/
exits 0 'a name with letters beyond ASCII is connected to' chat-send -U "$there" hello
exits 0 'in any case, composed or not' chat-send -U "ws://BU$(printf '\u0308')CHER.localhost:$port/" hello
exits 0 'as escapes' chat-listen --no-follow -U "ws://b%C3%BCcher.localhost:$port/"

# A server that tells what it was asked for.
cat >"$TMP/asked.py" <<'END'
import socket, ssl, sys
listener = socket.create_server(("127.0.0.1", 0))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.sni_callback = lambda sock, name, _: print("sni", name, flush=True)
print(listener.getsockname()[1], flush=True)
while True:
    try:
        peer = context.wrap_socket(listener.accept()[0], server_side=True)
        head = peer.recv(8192).decode()
        print(next(line for line in head.split("\r\n") if line.startswith("Host")), flush=True)
        peer.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        peer.close()
    except OSError as error:
        print(error, flush=True)
END
make_ca ca && make_cert server subjectAltName=DNS:xn--bcher-kva.localhost
ok 'a certificate for the ASCII form' || diag "$(cat "$TMP/openssl")"
spawn python3 "$TMP/asked.py" "$TMP/server.pem" "$TMP/server.key" >"$TMP/asked"
wait_for '[ -s "$TMP/asked" ]'
read -r port <"$TMP/asked"
exits 77 'over TLS it is verified' chat-send -U "wss://bücher.localhost:$port/" --cacert "$TMP/ca.pem" hi
like "$(<"$ERR")" "wss://bücher\.localhost:$port/.*403" 'what is said is what was typed'
is "$(tail -n +2 "$TMP/asked" | paste -sd' ')" \
	"sni xn--bcher-kva.localhost Host: xn--bcher-kva.localhost:$port" 'SNI and Host are ASCII'

exits 64 'a name that has no ASCII form' chat-send -U "ws://xn--aü.localhost:$port/" hi
like "$(<"$ERR")" 'not a host name' 'is said to be none'
exits 64 'nor may a name change what is read' chat-send -U "ws://a$(printf '\u202e')b/" hi
done_testing
