"""Each limit of chat-serve is kept as LIMITS of chat-serve(1) says. Some of its rows have their cases in other files;
each case names its rows with @limits.
"""
import json
import os
import resource
import select
import signal
import socket
import ssl
import tempfile
import time

from limits_table import limits
from peer import CLOSE, CONTINUATION, DEADLINE, PING, PONG, SLOWNESS, TEXT, connect, frame, request, secure, told, until
import serving
from serving import Server, main

HI = frame(TEXT, b'{"type":"text","text":"hi"}')


def case(name, *options, **more):
    """Whatever a peer is told here, the server says too."""
    return serving.case(name, "-v", *options, **more)


def big_text(size=900):
    return {"type": "text", "text": "x" * size}


def descriptors(server):
    return len(os.listdir("/proc/%d/fd" % server.pid))


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
        assert (error["code"], error["fatal"]) == ("bad_message", True), (piece, error)
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


def fill(server, sender, size, piece=100000):
    """The sender says so many bytes, and hears them itself."""
    data = "A" * piece
    for _ in range(size // piece):
        sender.say({"type": "file", "file": {"name": "f", "type": "t", "size": 1, "data": data}})
        sender.heard("f")


# ---- consumers ----


@case("a slow consumer is dropped: error, then Close 1008, on whole frames",
      "--queue", "256k", "--max-message", "256k", "--grace", "0", "--verbose")  # fmt: skip
@limits("--queue")
def _(server):
    alice = server.join("alice")
    slow = server.peer(receive_buffer=4096)
    slow.init("bob")
    alice.status("bob", True)
    while "slow_consumer" not in server.errors():
        fill(server, alice, 100000)
    received = 0
    while (message := slow.recv())["type"] == "message":
        received += 1
    assert received > 0 and (message["code"], message["fatal"]) == ("slow_consumer", True), message
    slow.closes(1008)
    alice.status("bob", False)


@case("a queue in which nothing moves is dropped", "--progress-timeout", "300ms", "--queue", "64M",
      "--close-timeout", "10s", "--verbose")  # fmt: skip
@limits("--progress-timeout")
def _(server):
    alice = server.join("alice")
    slow = server.peer(receive_buffer=4096)
    slow.init("bob")
    alice.status("bob", True)
    fill(server, alice, 8 << 20)
    until(lambda: "slow_consumer" in server.errors(), "it is dropped")
    while (message := slow.recv())["type"] == "message":
        pass
    assert (message["code"], message["fatal"]) == ("slow_consumer", True), message
    slow.closes(1008)


@case("all queues together have a limit: the largest goes, the others stay",
      "--queue-total", "4M", "--queue", "64M", "--verbose")  # fmt: skip
@limits("--queue-total")
def _(server):
    alice = server.join("alice")
    slow = server.peer("/b", receive_buffer=4096)
    slow.init("bob")
    other = server.join("carl", "/b")
    slow.status("carl", True)
    while "slow_consumer" not in server.errors():
        fill(server, other, 100000)
    alice.quiet(), other.quiet()
    while (message := slow.recv())["type"] == "message":
        pass
    assert message["code"] == "slow_consumer", message
    slow.closes(1008)


def stuff(peer, data, patience):
    """Sends data again and again until nothing has gone out for so many seconds; how many bytes."""
    peer.sock.setblocking(False)
    sent = 0
    while select.select([], [peer.sock], [], patience)[1]:
        sent += peer.sock.send(data[sent % len(data) :])
        assert sent < 64 << 20, "it is read without end"
    peer.sock.settimeout(DEADLINE)
    return sent


@case("who fills its own queue with answers is read no further, and nothing is lost", "--queue", "256k", "--max-message", "256k")
def _(server):
    peer = server.peer(receive_buffer=4096)
    peer.init("alice")
    text = frame(TEXT, json.dumps(big_text()))
    sent = stuff(peer, text * 100, 0.3)
    for _ in range(sent // len(text)):
        peer.heard("x" * 900)
    peer.send(text[sent % len(text) :])
    peer.heard("x" * 900)
    peer.quiet()


@case("pings that come faster than their answers are read: those first, and the newest, are answered")
@limits("a queue behind which pings are answered")
def _(server):
    for joined in True, False:
        peer = server.peer(receive_buffer=4096)
        if joined:
            peer.init("alice")
        server.signal(signal.SIGSTOP)
        peer.send(*[frame(PING, b"%d" % number) for number in range(3000)])
        server.signal(signal.SIGCONT)
        answered = []
        while answered[-1:] != [2999]:
            opcode, payload = peer.frame()
            assert opcode == PONG, opcode
            answered.append(int(payload))
        assert answered == sorted(set(answered)) and answered[:500] == list(range(500)), answered
        assert len(answered) < 2000, "%d are answered" % len(answered)
        peer.quiet()


@case("while the server does not read, silence and half a message are nobody's fault",
      "--queue", "256k", "--max-message", "256k", "--ping-interval", "700ms", "--ping-timeout", "700ms",
      "--message-timeout", "700ms", "--progress-timeout", "1h")  # fmt: skip
def _(server):
    peer = server.peer(receive_buffer=4096)
    peer.init("bob")
    text = frame(TEXT, json.dumps(big_text()))
    sent = stuff(peer, text * 100, 2.5)
    echoes = 0
    while echoes < sent // len(text):
        echoes += peer.frame()[0] == TEXT


@case("a past larger than the queue is not too much for a slow reader",
      "--queue", "256k", "--max-message", "256k", "--history-keep", "100000", "--max-members", "100")  # fmt: skip
def _(server):
    alice = server.join("alice")
    alice.text("first")
    first = alice.heard("first")["id"]
    text = frame(TEXT, json.dumps(big_text()))
    for _ in range(100):
        alice.send(text * 60)
        for _ in range(60):
            alice.recv("message")
    slow = server.peer(receive_buffer=4096)
    server.signal(signal.SIGSTOP)
    slow.say({"type": "init", "username": "bob", "id": "b", "since": first})
    alice.send(text * 60)
    server.signal(signal.SIGCONT)
    for _ in range(61):
        alice.recv()
    slow.recv("userData")
    history = slow.past()
    live = 6060 - len(history["messages"])
    assert history["complete"] is True and live in (0, 60), len(history["messages"])
    for _ in range(live):
        slow.heard("x" * 900)


# ---- rates and numbers ----


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


def remote(server, address, path="/", **more):
    """A peer that a trusted proxy says to be somewhere else."""
    return server.peer(path, headers=["X-Forwarded-For: " + address], **more)


def remote_join(server, address, username, path="/", **init):
    peer = remote(server, address, path)
    peer.user_data, peer.history = peer.init(username, **init)
    return peer


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


@case("a full channel refuses, and takes the next when one has gone", "--max-members", "2", "--grace", "0")
@limits("--max-members")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    carl = server.peer()
    carl.say({"type": "init", "username": "carl", "id": "c"})
    carl.refused("channel_full")
    server.join("carl", "/other")
    bob.leave()
    alice.status("bob", False)
    carl.init("carl")


def refused(server, status, path="/", headers=(), **more):
    peer = server.peer(path, upgrade=False, **more)
    peer.send(request(path, headers=headers))
    got, fields, _ = peer.response()
    assert got == status, "HTTP status %d expected, got %d" % (status, got)
    peer.ended()
    return fields


@case("no more users are leaving than there may be connections: the first are gone early",
      "--grace", "1h", "--max-connections", "10")  # fmt: skip
def _(server):
    alice = server.join("alice")
    for number in range(30):
        server.join("user%d" % number).leave()
    gone = []
    while len(gone) < 20:
        status = alice.recv("userStatus")
        gone += [] if status["online"] else [status["username"]]
    assert gone == ["user%d" % number for number in range(20)], gone
    again = server.join("user29")
    assert [user["username"] for user in again.user_data["users"]] == ["alice"] + ["user%d" % number for number in range(20, 30)]


@case("the users that a newcomer is told of take 256 KiB at the most: truncated, total", "--grace", "0")
@limits("bytes of the users that a newcomer is told of")
def _(server):
    members = []
    for number in range(80):
        members.append(server.peer())
        members[-1].init("user%d" % number, "%03d" % number + "i" * 3900)
    late = server.join("late")
    users = late.user_data["users"]
    assert late.user_data["truncated"] is True and late.user_data["total"] == 81, late.user_data["total"]
    assert 60 < len(users) < 81 and users[0]["username"] == "user0", len(users)
    assert late.user_data["server"]["you"]["username"] == "late"


@case("too many channels in use: 503 with Retry-After; one that nobody is in makes room",
      "--max-channels", "2", "--grace", "0")  # fmt: skip
@limits("--max-channels")
def _(server):
    alice, bob = server.join("alice", "/a"), server.join("bob", "/b")
    assert int(refused(server, 503, "/c")["retry-after"]) > 0
    server.join("carl", "/a").close()
    bob.leave()
    server.until_events(5)
    carl = server.join("carl", "/c")
    carl.text("a channel with history is idle")
    carl.recv("message")
    refused(server, 503, "/d")
    carl.leave()
    server.until_events(7)
    server.join("dora", "/d")
    refused(server, 503, "/c")


@case("a channel is forgotten after the grace of its last user as well",
      "--max-channels", "1", "--grace", "50ms")  # fmt: skip
def _(server):
    for number in range(3):
        server.join("alice", "/channel%d" % number).leave()
        server.until_events(2 * number + 2)


@case("a visitor who never joins holds a channel only as long as it is there", "--max-channels", "1")
def _(server):
    visitor = server.peer("/a")
    refused(server, 503, "/b")
    visitor.close()
    until(lambda: opens(server, "/b"), "the channel is forgotten")


def opens(server, path):
    peer = server.peer(path, upgrade=False)
    peer.send(request(path))
    status = peer.response()[0]
    peer.close()
    return status == 101


@case("too many connections: 503 with Retry-After, and room again when one has gone",
      "--max-connections", "3")  # fmt: skip
@limits("--max-connections")
def _(server):
    peers = [server.join("user%d" % number) for number in range(3)]
    assert int(refused(server, 503)["retry-after"]) > 0
    peers[0].leave()
    until(lambda: opens(server, "/"), "there is room again")


@case("far beyond the limit connections are closed without a word, and it recovers",
      "--max-connections", "2", "--head-timeout", "1h")  # fmt: skip
def _(server):
    before = descriptors(server)
    for _ in range(100):
        knock(server)
    until(lambda: knock(server) is None, "connections are closed without a word")
    assert descriptors(server) < before + 50
    for peer in server.peers:
        peer.close()
    until(lambda: descriptors(server) <= before, "the descriptors are back")
    server.join("alice")


@case("connections of one address are limited, loopback is not", "--open", "--max-per-address", "2",
      listen="0.0.0.0:0")  # fmt: skip
def _(server):
    for number in range(5):
        server.join("user%d" % number)
    address = outward_address()
    if address is None:
        return
    scheme, port = server.url.split(":")[0], server.url.rsplit(":", 1)[1].strip("/")
    url = "%s://%s:%s/" % (scheme, address, port)
    for _ in range(2):
        server.peer(url=url, source=address)
    assert int(refused(server, 503, url=url, source=address)["retry-after"]) > 0
    until(lambda: knock(server, url=url, source=address) is None, "nor is there a word")
    for peer in server.peers:
        peer.close()
    until(lambda: accepted(server, url, address), "there is room again")


def knock(server, **more):
    """A connection that says nothing; None where the server closes it without a word."""
    try:
        peer = server.peer(upgrade=False, **more)
    except (ConnectionResetError, ssl.SSLError):
        return None
    peer.sock.settimeout(0.05)
    try:
        return peer if peer.more() else None
    except TimeoutError:
        return peer


def outward_address():
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def accepted(server, url, address):
    try:
        peer = server.peer(url=url, source=address, upgrade=False)
        peer.send(request())
        accepted = peer.response()[0] == 101
        peer.close()
        return accepted
    except (EOFError, OSError):
        return False


@case("few descriptors: fewer connections, none of them lost, no spinning", server=False)
def _():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    server = Server(preexec_fn=limit)
    before = descriptors(server)
    alice = server.join("alice")
    many = []
    for _ in range(200):
        try:
            many.append(connect(server.url))
        except OSError:
            break
    alice.text("hi")
    alice.heard("hi")
    used = cpu(server)
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        alice.text("still here")
        alice.heard("still here")
        time.sleep(0.05)
    assert cpu(server) - used < 0.3, "it spins"
    for sock in many:
        sock.close()
    until(lambda: descriptors(server) <= before + 1, "the descriptors are back")
    server.join("bob").leave()
    server.stop()


@case("no descriptor is left, not even the spare one: nobody spins, and later it goes on", server=False)
def _():
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
    server = Server("--metrics", "unix:" + path)
    alice = server.join("alice")
    _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (3, most))
    waiting = [connect(server.url.replace("wss:", "ws:")) for _ in range(3)]  # TLS waits with them
    asking = socket.socket(socket.AF_UNIX)
    asking.settimeout(DEADLINE)
    asking.connect(path)
    asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    alice.text("hi")
    alice.heard("hi")
    used, deadline = cpu(server), time.monotonic() + 1
    while time.monotonic() < deadline:
        alice.text("still here")
        alice.heard("still here")
        time.sleep(0.05)
    assert cpu(server) - used < 0.1 * SLOWNESS, "it spins: %.2f s of CPU in a second" % (cpu(server) - used)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, most))
    for sock in waiting:
        sock = secure(sock) if server.url.startswith("wss:") else sock
        sock.sendall(request())
        assert sock.recv(12) == b"HTTP/1.1 101"
        sock.close()
    assert b" 200 " in asking.recv(1 << 16)
    server.stop()


def cpu(server):
    with open("/proc/%d/stat" % server.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


@case("hundreds that come and go leave nothing behind", "--grace", "0")
def _(server):
    alice = server.join("alice")
    before = descriptors(server)
    for round in range(10):
        peers = [server.peer() for _ in range(30)]
        for number, peer in enumerate(peers):
            peer.say({"type": "init", "username": "user%d" % number, "id": "u%d" % number})
            peer.send(HI[: number % len(HI)])
        for number, peer in enumerate(peers):
            (peer.close, peer.reset)[number % 2]()
        server.peers.clear()
    until(lambda: descriptors(server) <= before, "the descriptors are back")
    server.peers.append(alice)
    data = server.join("bob").user_data
    assert [user["username"] for user in data["users"]] == ["alice", "bob"], data


if __name__ == "__main__":
    main()
