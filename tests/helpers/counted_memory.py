"""A chat-serve whose memory is measured from outside while an attack runs.

What the process has grown by since the start is at no moment more than 16 MiB and one and a half times the sum of
chat_memory_bytes, nor more than the sum of the limits of the command line. Memory that is freed has half a second to go
back to the system. CHAT_TEST_FULL=1 runs the attacks in full size.
"""
import json
import os
import re
import select
import socket
import tempfile
import threading
import time

from peer import CLOSE, DEADLINE, TEXT, connect, frame, request, until
from serving import Server

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
MIB = 1 << 20
SLACK = 16 * MIB
NONCES, QUEUES = 64, 32  # MiB that these take beside what a case is about
LAG = 0.5  # seconds in which what was let go may still be there
SANITIZED = bool(os.environ.get("CHAT_TEST_SANITIZED"))  # the memory is the sanitizer's: it is not judged


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

    def __init__(self, *options, bound, **start):
        path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
        self.server = Server("--quiet", "--metrics", "unix:" + path, *options, **start)
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
        # The memory was read between two samples, however long a busy server took for the second.
        before, last = self.samples[:-1], self.samples[-1:]
        self.samples = [(when, one) for when, one in before if now - when < LAG] + last + [(now, held)]
        may = 1.5 * max(one for _, one in self.samples) + SLACK
        self.peak, self.peak_held = max(self.peak, grown), max(self.peak_held, held)
        if grown > may:
            self.faults.append("grown by %.1f MiB, held %.1f: %s" % (grown / MIB, held / MIB, kinds))
        if grown > self.bound + SLACK:
            self.faults.append("grown by %.1f MiB of %.1f: %s" % (grown / MIB, self.bound / MIB, kinds))

    def watch(self):
        while not self.over:
            self.sample()
            self.rounds += 1
            time.sleep(0.01)

    def __enter__(self):
        self.rounds, self.thread = 0, threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def look(self):
        """Waits until the memory that is taken now has been measured."""
        rounds = self.rounds
        until(lambda: self.rounds > rounds + 1 or not self.thread.is_alive(), "a look at the memory")

    def __exit__(self, kind, *_):
        self.look()
        for peer in self.server.peers + self.crowds:
            peer.close()
        time.sleep(LAG if kind is None else 0)  # it is over, and what was let go is gone
        self.over = True
        self.thread.join()
        print("# grown by %.1f MiB at the most, held %.1f, %.1f at the end" % (
            self.peak / MIB, self.peak_held / MIB, (self.resident() - self.base) / MIB), flush=True)
        assert SANITIZED or not self.faults, "%d times: %s; last: %s" % (len(self.faults), self.faults[0], self.faults[-1])

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

    def __init__(self, server, names, path, receive_buffer=None, **more):
        self.loop, self.over, self.reading = select.epoll(), False, threading.Event()
        self.members = {}
        for name in names:
            sock = connect(server.url, receive_buffer)
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
    """One member of a crowd. It counts the messages that it was sent, by type, and keeps the errors."""

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


def long_id(number):
    return "%04d" % number + "i" * 3900
