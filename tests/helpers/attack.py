"""Attackers and honest users of one chat-serve.

Usage: attack.py ROW URL. As a program it makes one attack, from an address of its own, until it is ended, and prints
a line once the attack is under way. As a module it has the honest users: a crowd that chats, compares what it hears
with what was said, and measures how long it took.
"""
import json
import resource
import selectors
import ssl
import struct
import subprocess
import sys
import time

from peer import CLOSE, CONTINUATION, PING, TEXT, connect, frame, request

CROWD = 20
PACE = 0.002  # seconds between two texts, if they are heard in time


# ---- the honest ----


class Crowd:
    """Users of one channel, of whom one after the other says something and all hear it."""

    def __init__(self, server, path="/"):
        self.peers = [server.join("honest%d" % number, path) for number in range(CROWD)]
        self.rounds = 0
        self.times = []  # seconds from a text to its message, at each of them
        self.ids = []

    def hear(self, peer, content):
        """The next message of the crowd is this one; the attackers' and who comes and goes are no matter."""
        while True:
            opcode, payload = peer.frame()
            if opcode != TEXT:
                continue
            message = json.loads(payload)
            if message["type"] == "userStatus" or message.get("senderId", "").startswith("bad-"):
                continue
            assert message.get("content") == content, "%r expected, got %r" % (content, payload[:200])
            return message["id"]

    def chat(self, seconds):
        """For so long, at PACE; at least ten rounds."""
        start = time.monotonic()
        while self.rounds % 10 or time.monotonic() - start < seconds:
            content = "round %d" % self.rounds
            said = time.monotonic()
            self.peers[self.rounds % CROWD].text(content)
            ids = set()
            for peer in self.peers:
                ids.add(self.hear(peer, content))
                self.times.append(time.monotonic() - said)
            assert len(ids) == 1, ids
            self.ids += ids
            self.rounds += 1
            time.sleep(max(0, said + PACE - time.monotonic()))
        assert self.ids == sorted(self.ids), "in one order"

    def p99_ms(self):
        return sorted(self.times)[len(self.times) * 99 // 100] * 1000


def surroundings(row):
    """How a server is started (subprocess.Popen) for this attack to bite."""
    if row != "descriptors":
        return {}
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))}


class Attack:
    """One under way, in a process of its own, as from another machine: it comes after the server."""

    def __init__(self, row, server, path=""):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nice", "-n", "10", sys.executable, "-B", __file__, row, server.url + path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        assert self.process.stdout.readline(), "%s does not begin" % row

    def end(self):
        self.process.kill()
        self.process.communicate()


# ---- the attacks ----


def others(number, url, source=None, **more):
    """A connected socket from one of the attackers' addresses, or None while there is no getting in."""
    try:
        sock = connect(url, source=source or "127.0.0.%d" % (100 + number % 100), **more)
        sock.setblocking(False)
        return sock
    except OSError:
        return None


def push(sock, data):
    """Sends what goes; how many bytes that was, or None when it is over."""
    try:
        return sock.send(data)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0
    except OSError:
        return None


def skim(sock):
    """Throws away what came; False when it is over."""
    try:
        return bool(sock.recv(1 << 20))
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    except OSError:
        return False


class Swarm:
    """So many connections; each begins with `opening`, says `again` over and over, and comes anew when it is over.

    Given by their numbers: the bytes of `opening` and `again`, the path, and where from (the arguments of connect()
    and the headers). It says nothing again before the last of it has gone out.
    """

    def __init__(self, url, count, opening, again=None, reads=True, path=lambda n: "/", upgrade=True,
                 origin=lambda n: ({}, ()), comers=10**6):  # fmt: skip
        self.url, self.opening, self.again, self.reads = url, opening, again, reads
        self.path, self.upgrade, self.origin, self.comers = path, upgrade, origin, comers
        self.socks, self.out = [None] * count, [b""] * count

    def come(self, number):
        arguments, headers = self.origin(number)
        self.socks[number] = others(number, self.url, **arguments)
        head = request(self.path(number), headers=headers) if self.upgrade else b""
        self.out[number] = head + self.opening(number)

    def speak(self, number, sock):
        """False when it is over."""
        if self.out[number]:
            sent = push(sock, self.out[number])
            self.out[number] = self.out[number][sent or 0 :]
            return sent is not None
        self.out[number] = self.again(number) if self.again else b""
        return not self.out[number] or self.speak(number, sock)

    def step(self):
        """Each has a turn; at most so many `comers` come."""
        comers = self.comers
        for number, sock in enumerate(self.socks):
            if sock is None and comers:
                comers -= 1
                self.come(number)
                sock = self.socks[number]
            if sock and (not self.speak(number, sock) or (self.reads and not skim(sock))):
                sock.close()
                self.socks[number] = None


def run(swarms, pause):
    """For ever. It says a line once all have come."""
    selector = selectors.DefaultSelector()
    started = False
    while True:
        for swarm in swarms:
            swarm.step()
        if not started:
            print("begun", flush=True)
            started = True
        selector.select(pause) if pause else None


def many(url, count, opening, again, pause=0.01, path="/", **more):
    run([Swarm(url, count, opening, again, path=lambda number: path, **more)], pause)


def init(number, **more):
    return frame(TEXT, json.dumps({"type": "init", "username": "bad%d" % number, "id": "bad-%d" % number, **more}))


def text(content):
    return frame(TEXT, json.dumps({"type": "text", "text": content}))


NOTHING = lambda number: b""  # noqa: E731
BOMBS = [
    b'{"type":"text","text":' + b"[" * 500000,
    b'{"type":"text","text":"x","n":' + b"9" * 500000 + b"}",
    b'{"type":"text","text":"x","n":1e' + b"9" * 1000 + b"}",
    b'{"type":"text",' + b'"k":1,' * 80000 + b'"text":"x"}',
    b'{"type":"text","text":"' + b"\\u0041" * 80000 + b'"}',
]
ATTACKS = {
    "slow heads": lambda url: many(url, 200, lambda n: b"GET / HTTP/1.1\r\nX: ", lambda n: b"x", upgrade=False),
    "no init": lambda url: many(url, 200, NOTHING, None),
    "half a frame": lambda url: many(url, 200, lambda n: init(n) + text("x" * 900)[:500], None),
    "fragments": lambda url: many(
        url, 20, lambda n: init(n) + frame(TEXT, b'{"', fin=False),
        lambda n: frame(CONTINUATION, b" ", fin=False) * 1000),
    "pings": lambda url: many(url, 20, init, lambda n: frame(PING, b"x" * 125) * 100, reads=False),
    "gigabytes": lambda url: many(
        url, 50, lambda n: init(n) + bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 40) + b"mask", lambda n: b"x" * 1000),
    "bombs": lambda url: many(url, 10, init, lambda n: frame(TEXT, BOMBS[n % len(BOMBS)])),
    "bad messages": lambda url: many(url, 50, init, lambda n: frame(TEXT, b"{}") * 10),
    "connections": lambda url: many(url, 100, lambda n: b"", lambda n: b"\0", pause=0, upgrade=False),
    "texts": lambda url: many(url, 50, init, lambda n: text("spam " * 20) * 50, path="/flood"),
    "texts among them": lambda url: many(url, 50, init, lambda n: text("spam") * 5),
    "descriptors": lambda url: many(url, 500, NOTHING, None),
    "presence": lambda url: many(url, 50, lambda n: init(n) + frame(CLOSE, struct.pack("!H", 1000)), lambda n: b"",
                                 pause=0),
    "history": lambda url: many(url, 50, lambda n: init(n, presence="hidden") + frame(CLOSE, b""), lambda n: b"", pause=0),
    "slow readers": lambda url: many(url, 50, lambda n: init(n, presence="hidden"), None, reads=False),
}  # fmt: skip


if __name__ == "__main__":
    ATTACKS[sys.argv[1]](sys.argv[2])
