#!/usr/bin/python3
"""Other chat servers, each with a channel of COUNT messages: m00000, m00001, …, one a second from
2025-01-01T00:00:00Z.

/previous is like the release before this one: it answers `since` by one history with the last CAP messages after it,
and `complete` says whether those are all; it does not know `sinceTime` and `more`.
/plain knows the specification alone: whatever init says, it sends the last CAP messages, and nothing about them.
/silent is like /plain but sends no history at all.
Each echoes what is said. The server prints its URL, without a path, when it listens.
"""
import asyncio
import json
import sys

import websockets
from either_websockets import path_of

COUNT, CAP = int(sys.argv[1]), int(sys.argv[2])
BEGIN_MS = 1735689600000


def told(number, content, sender="log"):
    return {"type": "message", "id": "m%05d" % number, "sender": sender, "content": content,
            "timestamp": BEGIN_MS + 1000 * number}


class Server:
    def __init__(self):
        self.said = [told(number, str(number)) for number in range(COUNT)]

    def history(self, kind, since):
        if kind == "plain" or since is None:
            return {"type": "history", "messages": self.said[-CAP:]}
        at = next((i + 1 for i, one in enumerate(self.said) if one["id"] == since), None)
        past = self.said[at or 0 :]
        return {"type": "history", "messages": past[-CAP:], "complete": at is not None and len(past) <= CAP}

    async def talk(self, peer):
        kind = path_of(peer).strip("/")
        user = json.loads(await peer.recv())
        about = {"name": "chat-serve", "version": "0", "features": ["nonce", "replyTo", "since", "presence"],
                 "maxMessage": 1 << 20, "instance": "one", "you": {"id": user["id"], "username": user["username"]}}
        known = {"server": about} if kind == "previous" else {}
        await peer.send(json.dumps({"type": "userData", "users": [], **known}))
        if kind != "silent":
            await peer.send(json.dumps(self.history(kind, user.get("since"))))
        async for line in peer:
            said = json.loads(line)
            made = told(len(self.said), said["text"], user["username"])
            copied = ("nonce", "replyTo") if kind == "previous" else ()
            made.update({name: said[name] for name in copied if name in said})
            self.said.append(made)
            await peer.send(json.dumps(made))


async def main():
    server = Server()
    async with websockets.serve(server.talk, "127.0.0.1", 0) as listening:
        print("ws://127.0.0.1:%d" % listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
