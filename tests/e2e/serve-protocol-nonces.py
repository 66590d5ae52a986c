"""A nonce that is said again makes no second message; nonces are bounded, and forgotten after their time."""
import json
import time

from limits_table import limits
from peer import TEXT, frame
from serving import case, main

def contents(history):
    return [message["content"] for message in history["messages"]]


@case("a nonce said again makes no second message: its sender gets the first one again")
def _(server):
    alice = server.join("alice")
    bob = server.join("bob")
    alice.status("bob", True)
    alice.text("once", nonce="n-1")
    first = alice.heard("once")
    assert first["nonce"] == "n-1" and bob.heard("once") == first
    alice.text("once", nonce="n-1")
    assert alice.recv() == first
    bob.text("end")
    bob.heard("end"), alice.heard("end")
    late = server.join("alice", presence="hidden")
    assert contents(late.history) == ["once", "end"]
    late.text("once", nonce="n-1")
    assert late.recv() == first
    alice.quiet()


@case("a nonce again in the same moment: one message, one echo")
def _(server):
    alice = server.join("alice")
    message = frame(TEXT, json.dumps({"type": "text", "text": "hi", "nonce": "n"}))
    end = frame(TEXT, json.dumps({"type": "text", "text": "end"}))
    alice.send(message, message, message, end)
    got = [alice.recv("message")]
    while got[-1]["content"] != "end":
        got.append(alice.recv("message"))
    assert len({one["id"] for one in got}) == 2, got


@case("a nonce is its user's in its channel, and means what it decodes to")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    elsewhere = server.join("alice", "/other")
    for number, peer in enumerate((alice, bob, elsewhere)):
        peer.text("text %d" % number, nonce="né")
        peer.heard("text %d" % number)
        if peer is alice:
            bob.heard("text 0")
    alice.heard("text 1")
    alice.say(rb'{"type":"text","text":"t\u0065xt 0","nonce":"n\u00e9"}')
    assert alice.recv()["content"] == "text 0"


@case("nonces of 1 and 64 characters, each of four bytes, are taken; of 65 they are nothing")
def _(server):
    alice = server.join("alice")
    for nonce in "x", "😀" * 64:
        alice.text("one", nonce=nonce)
        first = alice.heard("one")
        assert first["nonce"] == nonce, first
        alice.text("one", nonce=nonce)
        assert alice.recv() == first
    for text in "one", "two":
        alice.text(text, nonce="y" * 65)
        assert "nonce" not in alice.heard(text)


@case("a nonce again with another content is nonce_reused, and nobody gets it")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    file = {"name": "a.txt", "type": "text/plain", "size": 3, "data": "YWJj"}
    said = {
        "text": {"type": "text", "text": "a.txt"},
        "answer": {"type": "text", "text": "a.txt", "replyTo": "1"},
        "file": {"type": "file", "file": file},
        "file as an answer": {"type": "file", "file": file, "replyTo": "1"},
        **{name: {"type": "file", "file": {**file, name: value}}
           for name, value in {"name": "b.txt", "type": "text/html", "size": 4, "data": "YWJk"}.items()},
    }
    for nonce, first in said.items():
        alice.say({**first, "nonce": nonce})
        accepted = alice.recv("message")
        assert bob.recv() == accepted
        for what, other in said.items():
            alice.say({**other, "nonce": nonce})
            if what == nonce:
                assert alice.recv() == accepted
            else:
                alice.refused("nonce_reused", nonce=nonce)
    bob.quiet()
    alice.text("end")
    bob.heard("end")


@case("a nonce outlives its channel where nothing is kept", "--history-keep", "0", "--grace", "0")
def _(server):
    alice = server.join("alice", "/brief")
    alice.text("once", nonce="n")
    first = alice.heard("once")
    alice.leave()
    server.join("bob", "/other").leave()
    alice = server.join("alice", "/brief")
    assert alice.history["messages"] == []
    alice.text("once", nonce="n")
    assert alice.recv() == first
    alice.text("twice", nonce="n")
    alice.refused("nonce_reused", nonce="n")


@case("who says much makes the server forget its own nonces, not another one's", "--max-nonces", "100")
@limits("--max-nonces")
def _(server):
    alice, bob = server.join("alice", presence="hidden"), server.join("bob", "/bob")
    bob.text("mine", nonce="n")
    first = bob.heard("mine")
    texts = [json.dumps({"type": "text", "text": str(number), "nonce": "n%d" % number}) for number in range(1000)]
    alice.send(*(frame(TEXT, text) for text in texts))
    accepted = [alice.recv("message") for _ in texts]
    bob.text("mine", nonce="n")
    assert bob.recv() == first
    alice.say(texts[-50])
    assert alice.recv() == accepted[-50]
    alice.say(texts[0])
    assert alice.recv("message")["id"] > accepted[-1]["id"]


@case("nor do large files", "--nonce-memory", "1M")
@limits("--nonce-memory")
def _(server):
    alice, bob = server.join("alice"), server.join("bob", "/bob")
    bob.text("mine", nonce="n")
    first = bob.heard("mine")
    file = {"type": "file", "file": {"name": "f", "type": "t", "size": 1, "data": "A" * 300000}}
    for number in range(6):
        alice.say({**file, "nonce": str(number)})
        last = alice.heard("f")
    bob.text("mine", nonce="n")
    assert bob.recv() == first
    alice.say({**file, "nonce": "5"})
    assert alice.recv() == last
    alice.say({**file, "nonce": "0"})
    assert alice.recv("message")["id"] > last["id"]


@case("over a network those of one address share", "--max-nonces", "100", "--trust-proxy", "127.0.0.1")
def _(server):
    def come(name, address):
        return server.join(name, "/" + name, headers=["X-Forwarded-For: " + address])

    bob = come("bob", "192.0.2.1")
    texts = ["text %d" % number for number in range(10)]
    firsts = []
    for text in texts:
        bob.text(text, nonce=text)
        firsts.append(bob.heard(text))
    for number in range(50):
        one = come("user%d" % number, "192.0.2.2")
        for text in texts[:5]:
            one.text(text, nonce=text)
            last = one.heard(text)
    for text, first in zip(texts, firsts):
        bob.text(text, nonce=text)
        assert bob.recv() == first
    one.text(last["content"], nonce=last["nonce"])
    assert one.recv() == last


@case("a nonce is forgotten after its time", "--nonce-time", "1s")
@limits("--nonce-time")
def _(server):
    alice = server.join("alice")
    alice.text("hi", nonce="n")
    first = alice.heard("hi")["id"]
    again = first
    born = time.monotonic()
    while again == first:
        assert time.monotonic() - born < 30, "it is remembered for ever"
        alice.text("hi", nonce="n")
        again = alice.heard("hi")["id"]
        time.sleep(0.02)
    assert time.monotonic() - born > 0.8, "it was forgotten too soon"


@case("over their number the oldest nonces are forgotten", "--max-nonces", "2")
@limits("--max-nonces")
def _(server):
    alice = server.join("alice")
    ids = []
    for nonce in "a", "b", "c", "c", "b", "a":
        alice.text("hi", nonce=nonce)
        ids.append(alice.heard("hi")["id"])
    assert ids[2] == ids[3] and ids[1] == ids[4] and ids[0] != ids[5], ids


if __name__ == "__main__":
    main()
