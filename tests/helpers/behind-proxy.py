#!/usr/bin/env python3
"""behind-proxy.py URL PATH SOURCE NAME TOKEN [PINGS [HEADER]]: a client that comes from the address SOURCE of this
machine, joins with that name and token, answers so many pings, says something and prints it as it comes back. With a
HEADER, that line is sent first.
"""
import json
import sys

from peer import PING, PONG, Peer, frame


class Client(Peer):
    pings = 0

    def frame(self):
        """The next frame that is no ping. Pings are answered; after the last one that is awaited it says something."""
        opcode, payload = super().frame()
        while opcode == PING:
            self.send(frame(PONG, payload))
            self.pings += 1
            if self.pings == awaited:
                self.text("hello")
            opcode, payload = super().frame()
        return opcode, payload


url, path, source, name, token = sys.argv[1:6]
awaited = int(sys.argv[6]) if len(sys.argv) > 6 else 0
client = Client(url, source=source, upgrade=False)
if len(sys.argv) > 7:
    client.send(sys.argv[7].encode() + b"\r\n")
client.upgrade(path)
client.init(name, token=token)
if not awaited:
    client.text("hello")
while (message := client.recv())["type"] != "message":
    pass
print(json.dumps(message))
client.close()
