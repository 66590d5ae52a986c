"""A client goes on at another server of a cluster, and there is one message; a server that was away catches up before it
lets anybody in.
"""
import json
import os
import shutil
import subprocess
import time

from cluster_traffic import Listener, archive, command
from clustering import NATS_SERVER, START, Cluster, Nats
from peer import SLOWNESS, Peer, request, until
from relay import Relay
from serving import case, main, unittest

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
ENTRIES = 100000 if FULL else 5000
MOST_BYTES = 128 << 20  # of a server that reads so many entries of 1 KB: what waits for the loop has a limit
LONG = "\U0001f600" * 1000  # more bytes than what servers tell each other in the meantime


def cluster(**more):
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    return Cluster(**{"nats": 1, "nodes": 2, **more})


class Send:
    """chat-send -l, to the first of these URLs that works."""

    def __init__(self, servers, *urls):
        self.path = os.path.join(servers.dir, "receipts")
        with open(self.path, "wb") as out, open(self.path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                command("chat-send", "-l", "-v", "-u", "alice", "-U", ",".join(urls), "--retry-for", "forever"),
                stdin=subprocess.PIPE, stdout=out, stderr=err)  # fmt: skip

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def receipts(self):
        with open(self.path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def until_receipts(self, count):
        until(lambda: len(self.receipts()) == count, "%d receipts" % count)
        return self.receipts()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(START) == 0, open(self.path + ".err").read()


def unread(port):
    """How many bytes came to a port of 127.0.0.1, on all connections, that its process has not read."""
    with open("/proc/net/tcp") as file:
        fields = [line.split() for line in file][1:]
    return sum(int(one[4].split(":")[1], 16) for one in fields if one[1].endswith(":%04X" % port) and one[3] == "01")


def is_once(servers, number, receipts):
    """The server has these messages, or will have, each once, in this order, and nothing else."""
    until(lambda: len(past(servers, number)) >= len(receipts), "server %d has all" % number)
    assert past(servers, number) == receipts


def past(servers, number):
    probe = servers.join(number, "probe", presence="hidden")
    probe.close()
    return probe.history["messages"]


@case("a server is killed when its message is stored and not yet echoed: the next one tells the same message", server=False)
def _():
    servers = cluster().start_all()
    send = Send(servers, servers.url(0), servers.url(1))
    send.say("first")
    send.until_receipts(1)
    nats, node = servers.nats[0], servers.nodes[0]
    nats.stop()
    send.say(LONG)
    until(lambda: unread(servers.clients[0]) >= 4 * len(LONG), "the server has published it")
    node.stop()
    nats.go_on()
    until(lambda: servers.entries() == 2, "it is stored")
    node.kill()
    receipts = send.until_receipts(2)
    assert receipts[1]["content"] == LONG
    send.end()
    is_once(servers, 1, receipts)
    alice = servers.join(1, "alice", id=receipts[1]["senderId"])
    alice.text(LONG, nonce=receipts[1]["nonce"], hops=receipts[1]["hops"])
    assert alice.recv() == receipts[1], "it is told again"
    assert servers.metric(1, "cluster_duplicates_total") == servers.entries() - 2
    is_once(servers, 1, receipts)
    alice.leave()
    servers.start(0)
    servers.ready(0)
    is_once(servers, 0, receipts)
    servers.close()


@case("the way back is cut before the echo: the next server tells the same message", server=False)
def _():
    servers = cluster().start_all()
    relay = Relay(servers.ports[0])
    send = Send(servers, "ws://127.0.0.1:%d/" % relay.port, servers.url(1))
    send.say("first")
    send.until_receipts(1)
    bob = servers.join(1, "bob")
    relay.hold()
    send.say("second")
    message = bob.heard("second")
    relay.cut()
    receipts = send.until_receipts(2)
    assert receipts[1] == message, "the receipt is what the others have heard"
    send.say("third")
    assert bob.recv("message")["content"] == "third", "it is not told again"
    receipts = send.until_receipts(3)
    send.end()
    for number in range(2):
        is_once(servers, number, receipts)
    servers.close()


@case("since: a server answers for what came by way of the other one", server=False)
def _():
    servers = cluster().start_all()
    alice = servers.join(0, "alice")
    until(lambda: servers.present(1) == ["alice"], "the other server has heard of alice")
    bob = servers.join(1, "bob")
    alice.status("bob", True)
    said = []
    for number in range(6):
        (alice, bob)[number % 2].text(str(number))
        said.append(alice.heard(str(number)))
        assert bob.heard(str(number)) == said[number]
    for at, message in enumerate(said):
        for number in range(2):
            peer = servers.join(number, "carl", presence="hidden", since=message["id"])
            assert peer.history["messages"] == said[at + 1 :] and peer.history["complete"], peer.history
            peer.close()
    servers.close()


@case("a nonce with another content is an error, whichever server it comes to", server=False)
def _():
    servers = cluster().start_all()
    alice = servers.join(0, "alice")
    alice.text("first", nonce="n")
    first = alice.heard("first")
    until(lambda: len(archive(servers, 1)) == 1, "the other server has it")
    again = servers.join(1, "alice")
    again.text("second", nonce="n")
    again.refused("nonce_reused", nonce="n")
    again.text("first", nonce="n")
    assert again.recv() == first, "it is told again"
    for number in range(2):
        is_once(servers, number, [first])
    servers.close()


@case("a server that comes back when the stream has removed entries says that messages may be missing", server=False)
def _():
    servers = cluster(journal=True).start_all()
    alice = servers.join(0, "alice")
    said = []
    for text in "abc":
        alice.text(text)
        said.append(alice.heard(text))
        if text == "a":
            until(lambda: len(archive(servers, 1)) == 1, "the other server has it")
            servers.nodes[1].end()
    nats = Nats(servers.clients[0])
    assert nats.request("$JS.API.STREAM.PURGE.CHAT_chat", b'{"seq":3}')["purged"] == 2
    nats.close()
    servers.start(1)
    servers.ready(1)
    for number, kept, complete in (0, said[1:], True), (1, said[2:], False):
        carl = servers.join(number, "carl", presence="hidden", since=said[0]["id"])
        assert (carl.history["messages"], carl.history["complete"]) == (kept, complete), carl.history
        carl.close()
    servers.close()


class Held(Cluster):
    """The second server reaches the nats-server by a relay."""

    relay = None

    def urls_of(self, number):
        return "nats://127.0.0.1:%d" % self.relay.port if number and self.relay else self.urls


@case("since: a client waits for a server that does not have the message yet, and hears nothing twice", server=False)
def _():
    cluster()  # or there is none
    servers = Held(nats=1, nodes=2).start_all()
    servers.nodes[1].end()
    servers.relay = Relay(servers.clients[0])
    servers.start(1)
    servers.ready(1)
    alice = servers.join(0, "alice")
    until(lambda: servers.present(1) == ["alice"], "the other server has heard of alice")
    servers.relay.hold()
    alice.text("first"), alice.text("second")
    said = [alice.heard("first"), alice.heard("second")]
    early = servers.peer(1)
    early.say({"type": "init", "username": "bob", "id": "bob", "since": said[0]["id"]})
    until(lambda: servers.present(1) == ["alice", "bob"], "bob is in")
    listener = Listener(servers, 1, "--since", said[0]["id"])
    servers.relay.go_on()
    until(lambda: listener.lines(), "it gets in")
    alice.text("third")
    until(lambda: len(listener.lines()) >= 2, "it hears")
    heard = []
    while "third" not in heard:
        message = early.recv()
        heard += [past["content"] for past in message.get("messages", [message]) if past["type"] == "message"]
    assert heard == ["second", "third"], heard
    listener.finish()
    while (third := alice.recv())["type"] != "message":
        pass
    assert [json.loads(line) for line in listener.lines()] == [said[1], third]
    servers.relay.cut()
    servers.relay = None
    servers.close()


def publish(servers, count, more=""):
    """Entries as another server makes them, each with one message: a number, and more text."""
    text = b'{"type":"message","id":"-","sender":"eve","content":"%d%s","timestamp":1,"channel":"/","senderId":"eve"}\n'
    nats = Nats(servers.clients[0])
    nats.store("chat.chat.log.5s", (text % (number, more.encode()) for number in range(count)))
    nats.close()


def admits(servers, number):
    """The status of HTTP with which the server answers to who wants to join; None: it does not listen."""
    try:
        peer = Peer(servers.url(number), upgrade=False)
    except OSError:
        return None
    peer.send(request())
    status = peer.response()[0]
    peer.close()
    return status


@case("a server that was away catches up before it is healthy and lets anybody in", server=False)
def _():
    cluster()  # or there is none
    servers = Held(nats=1, nodes=2, journal=True).start_all()
    alice = servers.join(1, "alice")
    alice.text("before")
    alice.heard("before")
    servers.nodes[1].kill()
    publish(servers, ENTRIES)
    servers.relay = Relay(servers.clients[0], hold_after=ENTRIES * 20)
    node = servers.start(1)
    assert servers.relay.holds.wait(START), "it begins to catch up"
    end = time.monotonic() + 3
    while time.monotonic() < end:
        status, said = servers.health(1)
        assert status in (None, 503), (status, said)
        assert admits(servers, 1) in (None, 503), "it lets somebody in"
        time.sleep(0.1)
    assert "catching up" in said, said
    assert servers.metric(1, "cluster_entries_total") < ENTRIES, "it has everything already"
    began = time.monotonic()
    servers.relay.go_on()
    until(lambda: servers.health(1)[0] == 200, "it is healthy", 2 * START)
    assert servers.metric(1, "cluster_entries_total") > ENTRIES, "it is healthy too early"
    took = time.monotonic() - began
    carl = servers.join(1, "carl")
    assert carl.history["messages"][-1]["content"] == str(ENTRIES - 1), carl.history["messages"][-1]
    assert archive(servers, 1) == archive(servers, 0) and len(archive(servers, 1)) == ENTRIES + 1
    print("# %d entries: ready after %.1f s" % (ENTRIES, took), flush=True)
    assert "left out" not in node.errors(), node.errors()
    servers.relay.cut()
    servers.relay = None
    servers.close()


def peak_bytes(pid):
    """The most memory that the process ever had."""
    with open("/proc/%d/status" % pid) as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


@case("a server without a past reads a long stream in bounded memory before it is healthy", server=False)
def _():
    servers = cluster(journal=True).start_all()
    servers.nodes[1].end()
    shutil.rmtree(os.path.join(servers.dir, "journal1"))
    publish(servers, ENTRIES, " " * 1000)
    began = time.monotonic()
    node = servers.start(1)
    seen = set()
    while (status := servers.health(1)[0]) != 200:
        assert status in (None, 503), status
        seen.add(status)
        assert node.process.poll() is None and time.monotonic() < began + 2 * START, node.errors()
        time.sleep(0.01)
    took, peak = time.monotonic() - began, peak_bytes(node.pid)
    assert 503 in seen, "it was never seen to catch up"
    assert servers.metric(1, "cluster_entries_total") == ENTRIES, "it is healthy too early"
    print("# %d entries of 1 KB: ready after %.1f s, with at most %d MB" % (ENTRIES, took, peak >> 20), flush=True)
    assert peak < MOST_BYTES or SLOWNESS > 1, peak  # a sanitizer keeps what was freed
    assert archive(servers, 1) == archive(servers, 0) and len(archive(servers, 1)) == ENTRIES
    servers.close()


if __name__ == "__main__":
    main()
