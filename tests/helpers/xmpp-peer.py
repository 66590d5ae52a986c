#!/usr/bin/python3
"""xmpp-peer.py PORT COMPONENT ROOM: bob in a room of XMPP, by a component whose secret is `peer`. Says there what
standard input has, one line after the other, and prints what others say, each as a line of JSON. Comes again when the
server was away."""
import hashlib
import json
import re
import select
import sys

from person import Lines, comes_again

port, component, room = int(sys.argv[1]), sys.argv[2], sys.argv[3]
queue, typed = [], Lines()


def said_by_others(text):
    for sender, body in re.findall(r"<message[^>]*from='[^'/]*/([^']*)'[^>]*><body>([^<]*)</body>", text):
        if sender != "bob":
            print(json.dumps({"sender": sender, "body": body}), flush=True)


def talk(sock):
    """One connection, whose XML is read by patterns, because the server writes it in one way."""
    text, asked, joined = "", False, False
    me = "from='bob@%s'" % component
    sock.sendall(b"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='%s'>"
                 % component.encode())
    while True:
        ready = select.select([sock, 0], [], [])[0]
        if 0 in ready:
            queue.extend((line.decode() for line in typed.read()))
        if sock in ready:
            data = sock.recv(65536)
            if not data:
                return
            text += data.decode().replace('"', "'")
        stream = re.search(r"<stream:stream[^>]* id='([^']*)'[^>]*>", text)
        if stream:
            proof = hashlib.sha1((stream.group(1) + "peer").encode()).hexdigest()
            sock.sendall(b"<handshake>%s</handshake>" % proof.encode())
            text = text[stream.end():]
        if "<handshake/>" in text:
            sock.sendall(("<presence %s to='%s/bob'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
                          % (me, room)).encode())
            text = text.replace("<handshake/>", "")
        end = text.rfind("</message>") + 10 if "</message>" in text else 0
        said_by_others(text[:end])
        if asked and "id='mine'" in text[:end]:
            queue.pop(0)
            asked = False
        joined = joined or "status code='110'" in text
        text = text[end:]
        if joined and queue and not asked:
            asked = True
            sock.sendall(("<message type='groupchat' id='mine' %s to='%s'><body>%s</body></message>" % (me, room, queue[0])).encode())


comes_again(port, talk)
