#!/usr/bin/python3
"""A chat server with nonces whose answers differ from what was said; the path names the lie.

/limited says slower for 10^15 ms, /slower for 250 ms, again and again; /unavailable does the same with another code.
/once-late answers every other init with not_initialized, as if it had come too late. /long-id sends a message with an
id of 70,000 characters, /long-past has one in its history. /rival sends two messages, and answers what is said to them
in other words, as if another process of the user had been first. On /gap the past comes when the first text is said,
which is in the part of it that is missing. Of three messages on /far-ahead the first has the last
millisecond that there is as its time, on /before-time the first one. The others answer a text or a file with a
message that differs in one property from what was said (/content, /replyTo, /name, /mime, /size, /data, /sender) or
in all (/other), with the content of the first message (/first), or with nonce_reused (/reused). /honest does not lie.
Words that begin with "true" are always answered truly. The server prints its URL, without a path, when it listens.
"""
import asyncio
import json

import websockets
from either_websockets import path_of

FEATURES = ["nonce", "replyTo", "since", "presence"]
WORDS = {"limited": ("rate_limited", 10**15), "slower": ("rate_limited", 250), "unavailable": ("unavailable", 10**15)}


def told(id, timestamp=1000):
    return {"type": "message", "id": id, "sender": "liar", "content": id[:10], "timestamp": timestamp}


SAID = {
    "rival": [told("1"), told("2")],
    "long-id": [told("one"), told("x" * 70000), told("three")],
    "far-ahead": [told("one", (1 << 63) - 1), told("two", 2000), told("three", 3000)],
    "before-time": [told("one", -1 << 63), told("two", -2000), told("three", -1000)],
}


def message(said, user, number):
    """Returns the message that an honest server would make of it."""
    made = {"type": "message", "id": "%06d" % number, "sender": user["username"], "senderId": user["id"]}
    file = said.get("file")
    made["content"] = said.get("text", file and file["name"])
    made.update({name: said[name] for name in ("nonce", "replyTo", "file") if name in said})
    return {**made, "timestamp": 1000 + number, "channel": "/"}


def lie(kind, made, first):
    file = made.get("file")
    if kind == "content":
        made["content"] += "!"
    elif kind == "replyTo":
        made["replyTo"] = made.get("replyTo", "") + "x"
    elif kind == "sender":
        made["senderId"] = made["sender"] = "somebody"
    elif kind == "first":
        made["content"] = first["content"]
    elif kind in ("other", "rival"):
        made.pop("file", None)
        made["content"] = "something else"
    elif file and kind == "size":
        file["size"] += 1
    elif file and kind in ("name", "data"):
        file[kind] = "AAAA" + file[kind][4:]
    elif file and kind == "mime":
        file["type"] = "text/html"


class Server:
    inits = 0

    async def answer(self, kind, said, user, number):
        if kind in WORDS:
            code, after = WORDS[kind]
            return {"type": "error", "code": code, "message": "later", "nonce": said["nonce"], "retryAfter": after}
        if kind == "reused":
            return {"type": "error", "code": "nonce_reused", "message": "another", "nonce": said["nonce"]}
        made = message(said, user, number)
        self.first = self.first if number > 1 else dict(made)
        if not made["content"].startswith("true"):
            lie(kind, made, self.first)
        return made

    async def talk(self, peer):
        kind = path_of(peer).strip("/")
        user = json.loads(await peer.recv())
        self.inits += 1
        if kind == "once-late" and self.inits % 2:
            await peer.send('{"type":"error","code":"not_initialized","message":"late","fatal":true}')
            return await peer.close(1008)
        server = {"features": FEATURES, "instance": "liar", "maxMessage": 1 << 20}
        await peer.send(json.dumps({"type": "userData", "users": [], "server": server}))
        past = [told("x" * 70000)] if kind == "long-past" else []
        if kind == "gap":
            await peer.recv()
        await peer.send(json.dumps({"type": "history", "messages": past, "complete": kind != "gap"}))
        for one in SAID.get(kind, []):
            await peer.send(json.dumps(one))
        number = 0
        async for line in peer:
            number += 1
            await peer.send(json.dumps(await self.answer(kind, json.loads(line), user, number)))


async def main():
    server = Server()
    async with websockets.serve(server.talk, "127.0.0.1", 0, max_size=1 << 20) as listening:
        print("ws://127.0.0.1:%d" % listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
