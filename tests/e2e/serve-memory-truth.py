"""The memory of chat-serve is what it says that it holds, whatever peers do.

While an attack runs, the process is measured from outside: what it has grown by since the start is at
no moment more than one and a half times what chat_memory_bytes adds up to, and 16 MiB; nor more than
the bounds of the command line add up to. Memory that is let go has a second to go back.
CHAT_TEST_FULL=1 runs the attacks in their full size.
"""
import json
import os
import re
import select
import signal
import socket
import tempfile
import threading
import time

from peer import CLOSE, DEADLINE, PING, PONG, TEXT, Peer, connect, frame, masked_with, request, until
from serving import Server, case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
MIB = 1 << 20
SLACK = 16 * MIB
LAG = 1.0  # seconds in which what was let go may still be there
SANITIZED = "memory is the sanitizer's"


def memory_of(path):
    """chat_memory_bytes by kind, and everything else by name."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(path)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    values = dict(re.findall(r"^chat_(\S+) ([0-9.e+-]+)$", answer.decode(), re.M))
    kinds = {name[19:-2]: float(value) for name, value in values.items() if name.startswith("memory_bytes{")}
    return kinds, values


class Truth:
    """A server, and the watch on its memory until the end of the block."""

    def __init__(self, *options, bound):
        path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
        self.server = Server("--quiet", "--metrics", "unix:" + path, *options)
        self.path, self.bound = path, bound
        memory_of(path)
        self.base, self.base_held = self.resident(), sum(memory_of(path)[0].values())
        self.samples, self.faults, self.over, self.crowds = [], [], False, []
        self.peak = self.peak_held = 0

    def resident(self):
        """Anonymous pages."""
        with open("/proc/%d/statm" % self.server.pid) as statm:
            fields = statm.read().split()
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE")

    def sample(self):
        grown = self.resident() - self.base
        kinds, _ = memory_of(self.path)
        now, held = time.monotonic(), sum(kinds.values()) - self.base_held
        self.samples = [(when, one) for when, one in self.samples if now - when < LAG] + [(now, held)]
        may = 1.5 * max(one for _, one in self.samples) + SLACK
        self.peak, self.peak_held = max(self.peak, grown), max(self.peak_held, held)
        if grown > may:
            self.faults.append("grown by %.1f MiB, held %.1f: %s" % (grown / MIB, held / MIB, kinds))
        if grown > self.bound + SLACK:
            self.faults.append("grown by %.1f MiB of %.1f: %s" % (grown / MIB, self.bound / MIB, kinds))

    def watch(self):
        while not self.over:
            self.sample()
            time.sleep(0.01)

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        for peer in self.server.peers + self.crowds:
            peer.close()
        time.sleep(LAG if kind is None else 0)  # it is over, and what was let go is gone
        self.over = True
        self.thread.join()
        print("# grown by %.1f MiB at the most, held %.1f, %.1f at the end" % (
            self.peak / MIB, self.peak_held / MIB, (self.resident() - self.base) / MIB), flush=True)
        assert not self.faults, "%d times: %s; last: %s" % (len(self.faults), self.faults[0], self.faults[-1])

    def crowd(self, *arguments, **more):
        self.crowds.append(Crowd(self.server, *arguments, **more))
        return self.crowds[-1]

    def value(self, name):
        return float(memory_of(self.path)[1][name])

    def dropped(self):
        return self.value('drops_total{reason="slow_consumer"}')


def deaf(server, path="/", receive_buffer=4096):
    """A connection that reads nothing, its request sent."""
    sock = connect(server.url, receive_buffer)
    sock.sendall(request(path))
    return sock


def init(name, **more):
    return frame(TEXT, json.dumps({"type": "init", "username": name, "id": name, **more}))


def file_of(size, name="f", **more):
    """A file message of so many bytes of data."""
    return frame(TEXT, json.dumps({"type": "file", "file": {"name": name, "type": "t", "size": 1, "data": "A" * size}, **more}))


class Crowd:
    """Members that read all they get, together in a thread of their own, once they are let loose."""

    def __init__(self, server, names, path, **more):
        self.loop, self.over, self.reading = select.epoll(), False, threading.Event()
        self.members = {}
        for name in names:
            sock = connect(server.url)
            sock.sendall(request(path) + init(name, **more))
            self.add(Member(sock))
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def add(self, member):
        self.members[member.sock.fileno()] = member
        self.loop.register(member.sock, select.EPOLLIN)

    def read(self):
        self.reading.wait()
        while not self.over:
            for fd, _ in self.loop.poll(0.1):
                if not self.members[fd].read():
                    self.loop.unregister(fd)

    def all(self, condition, what):
        try:
            until(lambda: all(condition(member) for member in self.members.values()), what)
        except AssertionError:
            print("# of %d: %s" % (len(self.members), [(one.kinds, one.errors, bytes(one.got[:80])) for one in self.members.values() if not condition(one)][:4]))
            raise

    def joined(self):
        self.all(lambda member: member.kinds.get("history"), "all have joined")

    def close(self):
        self.over = True
        self.reading.set()
        self.thread.join()
        for member in self.members.values():
            member.sock.close()


class Member:
    """What one of a crowd has been sent: how many messages of each type, and the errors."""

    def __init__(self, sock):
        self.sock, self.got, self.kinds, self.errors = sock, bytearray(), {}, []
        self.upgraded, self.need = False, 0

    def read(self):
        try:
            piece = self.sock.recv(1 << 18)
        except OSError:
            piece = b""
        self.got += piece
        if not self.upgraded and b"\r\n\r\n" in self.got:
            del self.got[: self.got.index(b"\r\n\r\n") + 4]
            self.upgraded = True
        while self.upgraded and len(self.got) >= max(2, self.need) and self.take():
            pass
        return bool(piece)

    def take(self):
        """The next frame, if it is whole."""
        size, head = self.got[1], 2
        if size >= 126:
            head = 4 if size == 126 else 10
            if len(self.got) < head:
                return False
            size = int.from_bytes(self.got[2:head], "big")
        self.need = head + size
        if len(self.got) < self.need:
            return False
        kind = bytes(self.got[head : head + 60])
        if self.got[0] & 15 == CLOSE:
            self.count("close")
        elif self.got[0] & 15 == TEXT:
            self.count(re.match(rb'\{"type":"([a-zA-Z]+)"', kind)[1].decode())
            if kind.startswith(b'{"type":"error"'):
                self.errors.append(json.loads(self.got[head : self.need])["code"])
        else:
            self.count("control")
        del self.got[: self.need]
        self.need = 0
        return True

    def count(self, kind):
        self.kinds[kind] = self.kinds.get(kind, 0) + 1


def bystander(server):
    """Somebody in another channel, who notices nothing of it all."""
    peer = server.join("bystander", "/elsewhere")

    def is_well():
        peer.text("still here")
        peer.heard("still here")

    return is_well


# ---- queues ----


@case("one file of 1 MB to 400 honest readers drops nobody", server=False)
def _():
    with Truth(bound=256 * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/crowd")
        crowd = truth.crowd(["reader%d" % number for number in range(400)], "/crowd", presence="hidden")
        until(lambda: truth.value("connections") == 402, "all are there")
        alice.send(file_of(1000000))
        alice.recv("message")
        is_well()
        crowd.reading.set()
        crowd.all(lambda member: member.kinds.get("message"), "everybody has the file")
        is_well()
        assert truth.dropped() == 0
        assert not any(member.errors for member in crowd.members.values())


def long_id(number):
    return "%04d" % number + "i" * 3900


@case("990 members with long ids are told of each other and drop nobody", server=False)
def _():
    with Truth(bound=256 * MIB) as truth:
        is_well = bystander(truth.server)
        crowd = truth.crowd([], "/crowd")
        crowd.reading.set()
        for number in range(990 if FULL else 400):
            sock = connect(truth.server.url)
            sock.sendall(request("/crowd") + frame(TEXT, json.dumps({"type": "init", "username": "user%d" % number, "id": long_id(number)})))
            crowd.add(Member(sock))
        crowd.joined()
        is_well()
        assert truth.dropped() == 0, truth.dropped()


@case("990 members with long ids who read nothing disturb nobody", server=False)
def _():
    with Truth("--queue-total", "8M", bound=8 * MIB) as truth:
        is_well = bystander(truth.server)
        socks = []
        crowd = truth.crowd(["honest%d" % number for number in range(10)], "/crowd")
        crowd.reading.set()
        for number in range(990 if FULL else 400):
            sock = connect(truth.server.url, 4096)
            sock.sendall(request("/crowd") + frame(TEXT, json.dumps({"type": "init", "username": "user%d" % number, "id": long_id(number)})))
            socks.append(sock)
            if number % 100 == 0:
                is_well()
        crowd.joined()
        is_well()
        assert not any(member.errors for member in crowd.members.values())
        for sock in socks:
            sock.close()


@case("over --queue-total the largest go, one at a time: nobody who has less, nobody who shares", server=False)
def _():
    with Truth("--queue-total", "32M", "--queue", "16M", "--history-keep", "0", bound=32 * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/slow")
        slow = truth.crowd(["slow%d" % number for number in range(8)], "/slow", presence="hidden")
        until(lambda: truth.value("connections") == 10, "they are there")
        for _ in range(10):
            alice.send(file_of(200000))
            alice.recv("message")
        hogs = []
        for number in range(16):
            hog = truth.server.peer("/hog%d" % number, receive_buffer=4096)
            hog.init("hog")
            for _ in range(7):
                hog.send(file_of(900000))
            hogs.append(hog)
            is_well()
        until(lambda: truth.dropped() > 0, "some are dropped")
        assert truth.dropped() < 16, "all are dropped"
        assert truth.value('memory_bytes{kind="queues"}') > 20 * MIB, "too many are dropped"
        slow.reading.set()
        slow.all(lambda member: member.kinds.get("message") == 10, "who is slow has it all")
        is_well()


@case("many small ones of one address go before a large one of another", server=False)
def _():
    options = "--rate", "0", "--rate-bytes", "0", "--trust-proxy", "127.0.0.0/8", "--queue-total", "32M", "--queue", "16M", "--history-keep", "0"
    with Truth(*options, bound=32 * MIB) as truth:

        def hog(path, size, count, address):
            peer = truth.server.peer(path, receive_buffer=4096, headers=["X-Forwarded-For: " + address])
            peer.init("hog")
            for _ in range(count):
                peer.send(file_of(size))
            return peer

        hog("/large", 900000, 9, "198.51.100.8")
        until(lambda: memory_of(truth.path)[0]["queues"] > 3 * MIB, "it is large")
        for number in range(45):
            hog("/small%d" % number, 900000, 4, "198.51.100.7")
        until(lambda: truth.dropped() > 0, "some are dropped")
        assert truth.dropped() < 45, truth.dropped()
        peer = truth.server.peers[0]
        for _ in range(9):
            peer.heard("f")


@case("pings whose answers nobody reads, before init and after: the newest is answered", server=False)
def _():
    with Truth(bound=256 * MIB) as truth:
        is_well = bystander(truth.server)
        pings = b"".join(frame(PING, b"%d" % number) for number in range(10000))
        socks = [deaf(truth.server, "/deaf") for _ in range(40)]
        for sock in socks[20:]:
            sock.sendall(init("deaf%d" % sock.fileno(), presence="hidden"))
        for _ in range(30 if FULL else 5):
            for sock in socks:
                sock.sendall(pings)
            is_well()
        queues = memory_of(truth.path)[0]["queues"]
        assert queues < 40 * 16384, queues
        for sock in socks:
            sock.close()


# ---- what is kept for long ----


@case("a letter with a nonce, or in the history, does not keep the file that went out with it", server=False)
def _():
    with Truth("--history-memory", "16M", bound=(16 + 64) * MIB) as truth:
        is_well = bystander(truth.server)
        pairs = 1500 if FULL else 150
        file = file_of(1000000)
        for number in range(pairs):
            peer = truth.server.join("alice", "/pair%d" % number)
            truth.server.signal(signal.SIGSTOP)
            letter = {"type": "text", "text": "a letter", "nonce": "n%d" % number}
            peer.sock.sendall(file[:1000])
            threading.Thread(target=peer.send, args=(file[1000:], frame(TEXT, json.dumps(letter)))).start()
            truth.server.signal(signal.SIGCONT)
            peer.heard("f"), peer.heard("a letter")
            if number % 50 == 0:
                is_well()


@case("a thousand who read nothing, and what is said is short", server=False)
def _():
    with Truth("--queue-total", "32M", "--queue", "1M", bound=32 * MIB) as truth:
        is_well = bystander(truth.server)
        socks = [deaf(truth.server, "/deaf%d" % (number % 20)) for number in range(1000)]
        for number, sock in enumerate(socks):
            sock.sendall(init("deaf%d" % number, presence="hidden"))
        speakers = [truth.server.join("speaker", "/deaf%d" % number, presence="hidden") for number in range(20)]
        for _ in range(60 if FULL else 20):
            for speaker in speakers:
                for _ in range(20):
                    speaker.text("x")
                    speaker.heard("x")
            is_well()
        for sock in socks:
            sock.close()


if __name__ == "__main__":
    main()
