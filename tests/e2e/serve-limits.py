"""The limits of chat-serve on sizes and times are kept as LIMITS of chat-serve(1) says, and what a peer had is given back when
it goes. Each case names its rows of LIMITS with @limits.
"""
import json
import signal

from limiting import HI, case, fill, refused
from limits_table import limits
from peer import CLOSE, CONTINUATION, PING, PONG, TEXT, frame, request, told, until
from serving import COUNTABLE, main

# ---- sizes ----


@case("a request head of more than 8 KiB is refused")
@limits("the head of a request")
def _(server):
    refused(server, 431, headers=["Long: " + "x" * 8192])


@case("JSON of 1,024 levels is taken, of one more it is not")
@limits("levels of JSON in a message")
def _(server):
    alice = server.join("alice")
    for levels in 1024, 1025:
        deep = "[" * (levels - 1) + "]" * (levels - 1)
        alice.say('{"type":"text","text":"deep","more":%s}' % deep)
        alice.heard("deep") if levels == 1024 else alice.refused("bad_json")


# ---- times ----


@case("a request head in pieces is given its time, and no more", "--head-timeout", "200ms")
@limits("--head-timeout")
def _(server):
    silent = server.peer(upgrade=False)
    slow = server.peer(upgrade=False)
    slow.send(request()[:20])
    for peer in silent, slow:
        status, _, _ = peer.response()
        assert status == 408, status
        peer.ended()


@case("init overdue: error, Close 1008; what came in time stays", "--init-timeout", "200ms")
@limits("--init-timeout")
def _(server):
    joined = server.join("alice")
    silent = server.peer()
    talking = server.peer()
    talking.text("hi")
    talking.refused("not_initialized")
    for peer in silent, talking:
        error = peer.refused("not_initialized", fatal=True)
        assert error["message"], error
        peer.closes(1008)
    joined.quiet()


@case("half a message for ever: error, Close 1008", "--message-timeout", "200ms", "--close-timeout", "200ms")
@limits("--message-timeout")
def _(server):
    for piece in (
        HI[:1],
        HI[:7],
        HI[:-1],
        frame(TEXT, b"{", fin=False),
        frame(TEXT, b"{", fin=False) + frame(PING) + frame(CONTINUATION, b"x", fin=False),
        HI + HI[:3],
    ):
        peer = server.join("alice", presence="hidden")
        peer.send(piece)
        for _ in range(2):
            opcode, payload = peer.frame()
            if opcode == TEXT and json.loads(payload)["type"] == "error":
                break
        error = json.loads(payload)
        told.add(error["code"])
        assert (error["code"], error["fatal"]) == ("unavailable", True), (piece, error)
        peer.closes(1008, answer=False)


@case("-v tells who comes, goes and is turned away, and from where",
      "-v", "--head-timeout", "300ms", "--ping-interval", "200ms", "--ping-timeout", "200ms")  # fmt: skip
def _(server):
    alice = server.peer(source="127.0.0.5")
    alice.init("alice")
    alice.leave()
    silent = server.peer("/ops", source="127.0.0.6")
    silent.init("silent")
    nowhere = server.peer(source="127.0.0.7", upgrade=False)
    nowhere.send(request("/a//b"))
    assert nowhere.response()[0] == 404
    slow = server.peer(source="127.0.0.8", upgrade=False)
    assert slow.response()[0] == 408
    for line in (
        "127.0.0.5: alice joins /",
        "127.0.0.5: alice leaves /",
        "127.0.0.6: silent joins /ops",
        "127.0.0.6: it does not answer a ping",
        "127.0.0.6: silent leaves /ops",
        "127.0.0.7: 404: no such channel",
        "127.0.0.8: 408: the request head took too long",
    ):
        until(lambda line=line: "chat-serve: " + line + "\n" in server.errors(), line)


@case("silence is met with a ping, and no answer to it with the end",
      "--ping-interval", "100ms", "--ping-timeout", "200ms", "--grace", "0")  # fmt: skip
@limits("--ping-interval", "--ping-timeout")
def _(server):
    alice, bob, carl = [server.join(name) for name in ("alice", "bob", "carl")]
    alice.status("bob", True), alice.status("carl", True)
    gone = set()
    while gone != {"bob", "carl"}:
        opcode, payload = alice.frame()
        if opcode == PING:
            alice.send(frame(PONG, payload))
        else:
            status = json.loads(payload)
            assert status["online"] is False, status
            gone.add(status["username"])
    while bob.more():
        pass
    assert frame(PING, masked=False) in bob.got, bytes(bob.got)


@case("a message is as good an answer to a ping as a pong",
      "--ping-interval", "50ms", "--ping-timeout", "500ms")  # fmt: skip
def _(server):
    alice = server.join("alice")
    pings = heard = 0
    while pings < 10:
        opcode, payload = alice.frame()
        if opcode == PING:
            pings += 1
            alice.send(HI)
        else:
            heard += 1
    assert heard >= 9, heard


@case("a Close that is not answered is waited for, then TCP ends",
      "--close-timeout", "200ms", "--max-errors", "1")  # fmt: skip
@limits("--close-timeout", also={"bad_json"})
def _(server):
    peer = server.join("alice")
    peer.say("x")
    peer.refused("bad_json", fatal=True)
    assert peer.frame()[0] == CLOSE
    peer.send(HI)
    peer.ended()


@case("who reads nothing while its Close is due is let go in time too",
      "--close-timeout", "200ms", "--max-errors", "1", "--queue", "8M", "--grace", "0")  # fmt: skip
def _(server):
    alice = server.join("alice")
    stuck = server.peer(receive_buffer=4096)
    stuck.init("bob")
    alice.status("bob", True)
    fill(server, alice, 6 << 20)
    stuck.say("x")
    status = alice.recv("userStatus")
    assert (status["username"], status["online"]) == ("bob", False), status


# ---- ends ----


@case("a peer that dies with data under way is gone at once", "--grace", "0")
def _(server):
    alice = server.join("alice")
    for _ in range(3):
        bob = server.join("bob")
        alice.status("bob", True)
        server.signal(signal.SIGSTOP)
        bob.send(frame(PONG, b"nobody answers this"))
        bob.reset()
        server.signal(signal.SIGCONT)
        alice.status("bob", False)


@case("a peer that dies with its queue full is gone at once", "--grace", "0", "--queue", "8M")
def _(server):
    alice = server.join("alice")
    bob = server.peer(receive_buffer=4096)
    bob.init("bob")
    alice.status("bob", True)
    fill(server, alice, 7 << 20)
    bob.reset()
    alice.status("bob", False)


@case("hundreds that come and go leave nothing behind", "--grace", "0", *COUNTABLE)
def _(server):
    alice = server.join("alice")
    before = server.descriptors()
    for round in range(10):
        peers = [server.peer() for _ in range(30)]
        for number, peer in enumerate(peers):
            peer.say({"type": "init", "username": "user%d" % number, "id": "u%d" % number})
            peer.send(HI[: number % len(HI)])
        for number, peer in enumerate(peers):
            (peer.close, peer.reset)[number % 2]()
        server.peers.clear()
    until(lambda: server.descriptors() <= before, "the descriptors are back")
    server.peers.append(alice)
    data = server.join("bob").user_data
    assert [user["username"] for user in data["users"]] == ["alice", "bob"], data


if __name__ == "__main__":
    main()
