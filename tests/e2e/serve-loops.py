"""Several threads share the channels of a server (--loops): what a client sees is the same, and the limits, signals and
outputs are those of one server.
"""
import os
import signal
import socket

import access
from peer import DEADLINE, TEXT, connect, frame, request, until
from serving import NotStarted, Server, case, main

LOOPS = int(os.environ.get("CHAT_TEST_LOOPS") or 2)
CHANNELS = ["/room-%d" % number for number in range(8 * LOOPS)]  # some on each loop, but for one time in thousands


def number_of(id):
    return int(id.split("-")[-1], 16)


def status(server, path, headers=()):
    """Of a request for a channel, whose connection is closed afterwards; None: there is no answer."""
    peer = server.peer(path, upgrade=False)
    try:
        peer.send(request(path, headers=headers))
        return peer.response()[0]
    except (EOFError, ConnectionError):
        return None
    finally:
        peer.close()


def is_full(server, path, headers=()):
    """The answer is 503; where connections that were refused before are not gone yet, there may be none."""
    got = []
    until(lambda: got.append(status(server, path, headers)) or got[-1], "an answer for " + path)
    assert got[-1] == 503, got


def metrics(path):
    """Name to value, of those without labels."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(path)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    lines = answer.decode().split("\r\n\r\n", 1)[1].splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


def cpu_of_threads(server):
    """Nanoseconds, by thread."""
    tasks = "/proc/%d/task" % server.pid
    used = {}
    for thread in os.listdir(tasks):
        with open("%s/%s/schedstat" % (tasks, thread)) as file:
            used[thread] = int(file.read().split()[0])
    return used


@case("each channel has its order, its history and its since; every thread has work")
def _(server):
    pairs = [(server.join("alice", path), server.join("bob", path)) for path in CHANNELS]
    before = cpu_of_threads(server)
    for alice, _ in pairs:
        alice.status("bob", True)
        alice.send(b"".join(frame(TEXT, '{"type":"text","text":"%d"}' % number) for number in range(100)))
    ids = []
    for alice, bob in pairs:
        heard = [[peer.heard(str(number))["id"] for number in range(100)] for peer in (alice, bob)]
        assert heard[0] == heard[1], "one order for both"
        assert heard[0] == sorted(heard[0], key=number_of), heard[0]
        ids.append(heard[0])
    assert len(set(sum(ids, []))) == 100 * len(CHANNELS), "no id twice"
    used = {thread: now - before.get(thread, 0) for thread, now in cpu_of_threads(server).items()}
    assert sum(more > 50000 for more in used.values()) >= LOOPS, used
    for path, own in zip(CHANNELS, ids):
        late = server.join("carol", path)
        assert [message["id"] for message in late.history["messages"]] == own[-50:], path
        again = server.join("dave", path, since=own[89])
        assert [message["id"] for message in again.history["messages"]] == own[90:], path
        assert again.history["complete"] is True


@case("frames that come with the request, whole or in part, go along with it")
def _(server):
    for path in CHANNELS:
        peer = server.peer(path, upgrade=False)
        rest = frame(TEXT, '{"type":"text","text":"%s"}' % ("x" * 300))
        peer.send(request(path), frame(TEXT, '{"type":"init","username":"alice","id":"a"}'), rest[:100])
        assert peer.response()[0] == 101
        peer.recv("userData")
        peer.past()
        peer.send(rest[100:])
        peer.heard("x" * 300)


@case("a request byte by byte, and one whose peer is gone at once")
def _(server):
    for path in CHANNELS[:4]:
        peer = server.peer(path, upgrade=False)
        peer.drip(request(path))
        assert peer.response()[0] == 101
        peer.init()
    for path in CHANNELS * 4:
        gone = connect(server.url)
        gone.sendall(request(path))
        gone.close()
    for path in CHANNELS:
        server.join("bob", path)


@case("connections are counted on all threads together", "--max-connections", "6", "--grace", "0")
def _(server):
    peers = [server.join("alice", path) for path in CHANNELS[:6]]
    for path in CHANNELS:
        is_full(server, path)
    peers.pop().leave()
    until(lambda: status(server, CHANNELS[7]) == 101, "there is room again")


@case("those of one address, too", "--max-per-address", "3", "--trust-proxy", "127.0.0.1", "--rate-join", "1000")
def _(server):
    client = ["X-Forwarded-For: 203.0.113.7"]
    for path in CHANNELS[:3]:
        server.join("alice", path, headers=client)
    for path in CHANNELS:
        is_full(server, path, client)
    server.join("bob", CHANNELS[0], headers=["X-Forwarded-For: 203.0.113.8"])


@case("wrong tokens bar an address on all threads", server=False)
def _():
    path, (token,) = access.tokens_file("alice", path="loops-barred")
    server = Server("--tokens", path, "--trust-proxy", "127.0.0.1", "--max-failures", "3", "-v")
    client = ["X-Forwarded-For: 203.0.113.7"]
    access.denied(*((server.peer(where, headers=client), {"username": "alice", "token": "wrong"}) for where in CHANNELS[:3]))
    for number, where in enumerate(CHANNELS[:6], 1):
        server.join("alice", where, headers=client, token=token)
        until(lambda: server.errors().count("waits its turn") == number, "it has waited, though its token is right")
    server.stop()


@case("SIGHUP: who is no longer listed is thrown out of every channel, and then the reload is done", server=False)
def _():
    path, tokens = access.tokens_file("alice", "bob", path="loops-reloaded")
    server = Server("--tokens", path, "--grace", "1h")
    pairs = [(server.join("alice", where, token=tokens[0]), server.join("bob", where, token=tokens[1])) for where in CHANNELS]
    with open(path) as file:
        line = file.readlines()[1]
    with open(path, "w") as file:
        file.write(line)
    server.signal(signal.SIGHUP)
    assert server.state.recv(100) == b"RELOADING=1"
    assert server.state.recv(100) == b"READY=1"
    for alice, bob in pairs:
        alice.status("bob", True)
        alice.refused("unauthorized", fatal=True)
        alice.closes(1008)
        bob.text("I am still here")
        bob.heard("I am still here")
    server.stop()


@case("SIGTERM: what was said is heard, and every member of every channel is told", server=False)
def _():
    server = Server()
    peers = [server.join("alice", path) for path in CHANNELS]
    for peer in peers:
        peer.text("last words")
        peer.heard("last words")
    server.signal(signal.SIGTERM)
    for peer in peers:
        peer.refused("shutting_down", fatal=True)
        peer.closes(1001)
    assert server.wait() == 0
    said = [event["channel"] for event in server.events() if event["type"] == "message"]
    assert sorted(said) == sorted(CHANNELS), said
    server.stop()


@case("a second signal ends all threads at once", "--close-timeout", "1h")
def _(server):
    peers = [server.join("alice", path) for path in CHANNELS]
    server.signal(signal.SIGTERM)
    for peer in peers:
        peer.refused("shutting_down")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


@case("stdout has whole lines, those of a channel in their order")
def _(server):
    peers = [server.join("alice", path) for path in CHANNELS]
    for peer in peers:
        peer.send(b"".join(frame(TEXT, '{"type":"text","text":"%d %s"}' % (number, "x" * 500)) for number in range(50)))
    for peer in peers:
        for number in range(50):
            peer.heard("%d %s" % (number, "x" * 500))
    events = [event for event in server.events() if event["type"] == "message"]  # as json, or it fails
    assert len(events) == 50 * len(CHANNELS), "an event is printed before it is heard"
    for path in CHANNELS:
        numbers = [int(event["content"].split()[0]) for event in events if event["channel"] == path]
        assert numbers == list(range(50)), path


@case("the metrics are the sums of all threads", server=False)
def _():
    path = os.path.join(os.environ["TMP"], "loops-metrics")
    server = Server("--metrics", "unix:" + path)
    peers = [server.join("alice", where) for where in CHANNELS]
    for peer in peers:
        peer.text("hi")
        peer.heard("hi")
    wanted = {"chat_connections": len(peers), "chat_connections_total": len(peers), "chat_channels": len(peers),
              "chat_messages_total": len(peers), "chat_deliveries_total": len(peers)}  # fmt: skip
    until(lambda: wanted.items() <= metrics(path).items(), "%r" % wanted)
    server.stop()


@case("the limit of channels is one: idle ones of a thread make room on the others", "--max-channels", str(LOOPS), "--grace", "0")
def _(server):
    for path in CHANNELS:
        until(lambda: status(server, path) == 101, "there is room for " + path)
        peer = server.join("alice", path)
        peer.text("kept")
        peer.heard("kept")
        peer.leave()


@case("--stdin: lines go to their channels on all threads, in order, and bad ones are named", server=False)
def _():
    reading, writing = os.pipe()
    server = Server("--stdin", stdin=reading)
    os.close(reading)
    peers = [server.join("alice", path) for path in CHANNELS]
    lines = ['{"type":"text","text":"%d","channel":"%s"}' % (number, path) for number in range(20) for path in CHANNELS]
    os.write(writing, ("\n".join(lines) + "\n{}\n").encode())
    for peer in peers:
        for number in range(20):
            assert peer.heard(str(number))["sender"] == "server"
    until(lambda: "stdin:%d: " % (len(lines) + 1) in server.errors(), "the bad line is named")
    os.close(writing)
    server.stop()


@case("the first line on stdout is the server's, whichever thread has events at once", server=False)
def _():
    path = os.path.join(os.environ["TMP"], "loops-lines")
    with open(path, "w") as file:
        file.writelines('{"type":"text","text":"x","channel":"%s"}\n' % channel for channel in CHANNELS * 20)
    with open(path) as file:
        server = Server("--stdin", stdin=file)
    assert len(server.until_events(20 * len(CHANNELS))) == 20 * len(CHANNELS)  # it looks at the first line
    server.stop()


@case("the number of threads, and what cannot be with several", server=False)
def _():
    for wrong in (("--loops", "0"), ("--loops", "65"), ("--loops", "2x"), ("--loops", ""), ("--loops", "-1"),
                  ("--loops", "auto2"), ("--loops", "2", "--cluster", "nats://localhost"), ("--loops", "3", "--max-channels", "2")):  # fmt: skip
        try:
            Server(*wrong)
        except NotStarted as error:
            assert error.status == 64 and "loops" in error.errors, (wrong, error)
        else:
            raise AssertionError("%r is taken" % (wrong,))
    for right in "1", "auto", "64":
        server = Server("--loops", right)
        server.join("alice", "/any")
        server.stop()


if __name__ == "__main__":
    main()
