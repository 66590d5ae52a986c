#!/usr/bin/python3
"""A WebSocket server that answers init with the error that its path names: /username_taken and so on.

/picky lets everybody join and echoes every text but "no"; /garbage answers with a line that is no message, /silent
not at all. With certificate and key as arguments the server uses TLS. It prints its URL, without a path, when it
listens.
"""
import asyncio
import json
import ssl
import sys

import websockets
from either_websockets import path_of


async def echo(peer, username):
    await peer.send(json.dumps({"type": "userData", "users": []}))
    await peer.send(json.dumps({"type": "history", "messages": []}))
    count = 0
    async for line in peer:
        text = json.loads(line)["text"]
        count += 1
        if text == "no":
            answer = {"type": "error", "code": "picky", "message": "not that"}
        else:
            answer = {"type": "message", "id": str(count), "sender": username, "content": text, "timestamp": count}
        await peer.send(json.dumps(answer))


async def refuse(peer):
    code = path_of(peer).strip("/")
    init = json.loads(await peer.recv())
    if code == "picky":
        await echo(peer, init["username"])
    elif code == "silent":
        await peer.wait_closed()
    elif code == "garbage":
        await peer.send("{ garbage")
        await peer.wait_closed()
    else:
        await peer.send(json.dumps({"type": "error", "code": code, "message": "no", "fatal": True}))
        await peer.close(1008)


async def main():
    tls = None
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    async with websockets.serve(refuse, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        print("%s://localhost:%d" % ("wss" if tls else "ws", port), flush=True)
        await asyncio.Future()


asyncio.run(main())
