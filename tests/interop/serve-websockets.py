"""chat-serve and Python's `websockets`, a client that was written by others, understand each other."""
import asyncio
import json
import signal

import websockets
from either_websockets import Refused, connect, extensions_of, status_of
from serving import case, main

OPTIONS = "--grace", "0"


async def join(server, username, path=""):
    peer = await connect(server.url + path)
    await peer.send(json.dumps({"type": "init", "username": username, "id": "id-" + username}))
    peer.user_data, peer.history = json.loads(await peer.recv()), json.loads(await peer.recv())
    assert peer.user_data["type"] == "userData" and peer.history["type"] == "history"
    return peer


async def say(peer, text, **more):
    await peer.send(json.dumps({"type": "text", "text": text, **more}))


async def hear(peer):
    return json.loads(await peer.recv())


async def converse(server):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    assert (await hear(alice))["username"] == "bob"
    assert not extensions_of(alice), "permessage-deflate was offered and is not accepted"
    for text in "hi", "é😀\n\x01", "x" * 1000:
        await say(alice, text)
        message = await hear(alice)
        assert message["content"] == text and await hear(bob) == message
    await alice.send(['{"type":"text",', '"text":"in ', 'fragments"}'])
    assert (await hear(alice))["content"] == (await hear(bob))["content"] == "in fragments"
    await (await alice.ping())
    await alice.close()
    assert (alice.close_code, alice.close_reason) == (1000, ""), alice.close_code
    status = await hear(bob)
    assert (status["username"], status["online"]) == ("alice", False), status
    await bob.close()


async def closed(peer):
    """Returns the codes of what it still received, and the code of the Close."""
    heard = []
    try:
        while True:
            heard.append(await hear(peer))
    except websockets.ConnectionClosed as end:
        return [message.get("code") for message in heard], end.rcvd and end.rcvd.code


async def misbehave(server):
    for data, code, close in (
        (b"binary", "bad_message", 1003),
        ("x" * ((1 << 20) + 1), "too_large", 1009),
    ):
        peer = await join(server, "alice")
        await peer.send(data)
        assert await closed(peer) == ([code], close), code
    peer = await connect(server.url)
    for _ in range(20):
        await say(peer, "too early")
    assert await closed(peer) == (["not_initialized"] * 20, 1008)


async def be_refused(server):
    for path, headers, status in (
        ("a//b", {}, 404),
        ("", {"Origin": "http://evil.example"}, 403),
    ):
        try:
            await connect(server.url + path, headers)
            raise AssertionError("it may connect")
        except Refused as refusal:
            assert status_of(refusal) == status, refusal


async def see_the_end(server):
    peers = [await join(server, "user%d" % number, "room") for number in range(5)]
    server.signal(signal.SIGTERM)
    for got in await asyncio.gather(*[closed(peer) for peer in peers]):
        assert got[0][-1] == "shutting_down" and got[1] == 1001, got


async def many(server):
    peers = await asyncio.gather(*[join(server, "user%d" % n, "many") for n in range(30)])
    await asyncio.gather(*[say(peer, "from %d" % n) for n, peer in enumerate(peers)])
    heard = []
    for peer in peers:
        messages = []
        while len(messages) < 30:
            message = await hear(peer)
            if message["type"] == "message":
                messages.append(message["id"])
        heard.append(messages)
    assert all(messages == heard[0] for messages in heard), "one order for everybody"
    await asyncio.gather(*[peer.close() for peer in peers])


@case("a conversation", *OPTIONS)
def _(server):
    asyncio.run(converse(server))


@case("a Close with its error for what must not be", *OPTIONS)
def _(server):
    asyncio.run(misbehave(server))


@case("what is refused before the upgrade", *OPTIONS)
def _(server):
    asyncio.run(be_refused(server))


@case("thirty at once", *OPTIONS)
def _(server):
    asyncio.run(many(server))


@case("the server's end", *OPTIONS)
def _(server):
    asyncio.run(see_the_end(server))


if __name__ == "__main__":
    main()
