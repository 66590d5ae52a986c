#!/usr/bin/python3
"""irc-peer.py PORT NICK CHANNEL: a person in a channel of IRC. Says there what standard input has, one line after the
other, and prints what others say. Comes again when the server was away."""
import selectors
import sys

from person import Lines, comes_again

port, nick, channel = int(sys.argv[1]), sys.argv[2], sys.argv[3]
queue, typed = [], Lines()


def talk(sock):
    """One connection. Returns when it is lost; the queue keeps what was not said."""
    heard, joined, asked = b"", False, False
    sock.sendall(b"NICK %s\r\nUSER %s 0 * :peer\r\n" % (nick.encode(), nick.encode()))
    ready = selectors.DefaultSelector()
    ready.register(sock, selectors.EVENT_READ)
    ready.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is not sock:
                queue.extend(typed.read())
                continue
            data = sock.recv(65536)
            if not data:
                return
            *lines, heard = (heard + data).split(b"\r\n")
            for words in (line.split(b" ", 3) for line in lines):
                if words[0] == b"PING":
                    sock.sendall(b"PONG " + words[1] + b"\r\n")
                elif words[1:2] == [b"001"]:
                    sock.sendall(b"JOIN %s\r\n" % channel.encode())
                elif words[1:2] == [b"366"]:
                    joined = True
                elif words[1:2] == [b"PONG"]:
                    queue.pop(0)
                    asked = False
                elif words[1:2] == [b"PRIVMSG"]:
                    print(words[3][1:].decode(errors="replace"), flush=True)
        if joined and queue and not asked:
            asked = True
            sock.sendall(b"PRIVMSG %s :%s\r\nPING :said\r\n" % (channel.encode(), queue[0]))


comes_again(port, talk)
