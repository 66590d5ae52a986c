"""chat-serve limits how often and how much a user or an address may speak and join, and how many errors it may make.
"""
import json
import select
import signal
import time

from limiting import HI, case, remote_join
from limits_table import limits
from peer import TEXT, frame, request, until
from serving import main


@case("20 bad messages: an error each, then Close 1008")
@limits("--max-errors", also={"bad_json"})
def _(server):
    peer = server.join("alice")
    for _ in range(19):
        peer.say("nonsense")
        error = peer.refused("bad_json")
        assert "fatal" not in error, error
    peer.text("a good one does not count")
    peer.recv("message")
    peer.send(frame(TEXT, b"nonsense"), HI)
    peer.refused("bad_json", fatal=True)
    peer.closes(1008)


@case("20 bad messages before init as well")
def _(server):
    peer = server.peer()
    peer.send(HI * 20)
    for _ in range(19):
        peer.refused("not_initialized")
    peer.refused("not_initialized", fatal=True)
    peer.closes(1008)


@case("any number of bad messages that the option allows", "--max-errors", "70000")
def _(server):
    peer = server.peer()
    for _ in range(70):
        peer.send(HI * 1000)
        for _ in range(999):
            peer.refused("not_initialized")
        last = peer.refused("not_initialized")
    assert last["fatal"] is True, last
    peer.closes(1008)


@case("the rate: burst, rate_limited with retryAfter, then again", "--rate", "5", "--burst", "3")
@limits("--rate", "--burst")
def _(server):
    alice, again = server.join("alice"), server.join("alice")
    for text in "one", "two", "three":
        alice.text(text)
        alice.heard(text), again.heard(text)
    alice.text("four", nonce="n")
    error = alice.refused("rate_limited", nonce="n")
    assert 0 < error["retryAfter"] <= 200 and "fatal" not in error, error
    again.text("another connection")
    for peer in alice, again:
        peer.heard("another connection")
    deadline = time.monotonic() + 10
    while True:
        alice.text("four", nonce="n")
        message = alice.recv()
        if message["type"] == "message":
            break
        assert message["code"] == "rate_limited" and time.monotonic() < deadline, message
        time.sleep(message["retryAfter"] / 1000)
    assert again.heard("four") == message


def answers(peer, count):
    """How many of its next messages are errors, the others being its own."""
    return [peer.recv()["type"] for _ in range(count)].count("error")


@case("fresh ids and connections say no more than an address may", "--rate", "20", "--burst", "10", "--grace", "0")
def _(server):
    said, start = 0, time.monotonic()
    for number in range(40):
        peer = server.join("user%d" % number, "/alone%d" % number, presence="hidden")
        peer.send(HI * 20)
        said += 20 - answers(peer, 20)
        peer.leave()
    most = 4 * (10 + 20 * (time.monotonic() - start))
    assert 40 <= said <= most + 1, (said, most)
    other = server.peer("/another", source="127.0.0.77")
    other.init("other")
    other.send(HI * 10)
    assert answers(other, 10) == 0, "another address has its own"


@case("an id is a claim: it limits nobody", "--rate", "1", "--burst", "2")
def _(server):
    mallory, alice = server.join("mallory", id="hers"), server.join("alice", "/b", id="hers", presence="hidden")
    mallory.send(HI * 5)
    assert answers(mallory, 5) == 3
    alice.text("hi")
    alice.heard("hi")


@case("who comes from this machine is free, from elsewhere not", "--trust-proxy", "127.0.0.1", "--history", "0")
def _(server):
    near = server.peer(source="127.0.0.2")
    near.init("near")
    near.send(HI * 500)
    assert answers(near, 500) == 0
    near.leave()
    for address in "203.0.113.1", "203.0.113.2", "127.0.0.9", "unknown", "2001:db8::1":
        far = remote_join(server, address, "far", presence="hidden")
        far.send(HI * 150)
        assert 40 <= answers(far, 150) <= 50, address


@case("who says far more than it may is read slowly: refusing is work, too", "--rate", "20", "--history", "0")
def _(server):
    peer = server.peer(receive_buffer=4 << 20)
    peer.init("alice")
    peer.sock.setblocking(False)
    start, at, data = time.monotonic(), 0, HI * 1000
    while time.monotonic() - start < 1:
        readable, writable, _ = select.select([peer.sock], [peer.sock], [], 0.1)
        if readable:
            peer.sock.recv(1 << 20)
        if writable:
            at = (at + peer.sock.send(data[at:])) % len(data)
    server.signal(signal.SIGUSR1)
    until(lambda: "$metrics" in server.errors(), "the numbers")
    numbers = json.loads(next(line for line in server.errors().splitlines() if "$metrics" in line))
    assert numbers["errors"]["rate_limited"] < 40000, numbers["errors"]


@case("many bytes are limited as many messages are", "--rate-bytes", "100k")
@limits("--rate-bytes")
def _(server):
    alice = server.join("alice")
    data = "A" * 90000
    for number in range(5):
        alice.say({"type": "file", "nonce": "n%d" % number, "file": {"name": "f", "type": "t", "size": 1, "data": data}})
    for number in range(4):
        assert alice.heard("f")["nonce"] == "n%d" % number
    error = alice.refused("rate_limited", nonce="n4")
    assert 0 < error["retryAfter"] <= 1000, error
    alice.text("a word is still possible")
    alice.heard("a word is still possible")
    huge = server.join("huge", "/huge")
    huge.say({"type": "file", "file": {"name": "more than a burst", "type": "t", "size": 1, "data": "A" * 900000}})
    huge.heard("more than a burst")
    huge.text("hi")
    assert huge.refused("rate_limited")["retryAfter"] > 4000


@case("joins are limited, of an address", "--trust-proxy", "127.0.0.1", "--rate-join", "2")
def _(server):
    def knock(address, path="/"):
        peer = server.peer(path, upgrade=False)
        peer.send(request(path, headers=["X-Forwarded-For: " + address]))
        status, fields, _ = peer.response()
        if status != 101:
            peer.close()
        return status, fields

    first = [knock("203.0.113.1") for _ in range(30)]
    assert [status for status, _ in first[:19]] == [101] * 19, first
    status, fields = first[-1]
    assert status == 429 and int(fields["retry-after"]) > 0, first[-1]
    assert knock("203.0.113.2")[0] == 101
    channels = [knock("203.0.113.3", "/channel%d" % number)[0] for number in range(20)]
    assert channels[:10] == [101] * 10 and channels[-1] == 429, channels
    until(lambda: knock("203.0.113.1")[0] == 101, "it may join again")


if __name__ == "__main__":
    main()
