"""The memory that chat-serve takes is the memory that it counts, whatever peers do.

While an attack runs, the process is measured from outside. What it has grown by since the start is at no moment more
than 16 MiB and one and a half times the sum of chat_memory_bytes, nor more than the sum of the limits of the command
line. Memory that is freed has half a second to go back to the system. CHAT_TEST_FULL=1 runs the attacks in full size.
"""
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

from journaling import disk, new_dir, segments
from limits_table import limits
from peer import BINARY, CLOSE, DEADLINE, PING, PONG, TEXT, Peer, connect, frame, masked_with, request, until
from serving import Server, case, main

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
        """What is there now has been measured."""
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


@case("files of 1 MB to hundreds of honest readers, who are slow, drop nobody", server=False)
def _():
    count, total = (400, 256) if FULL else (100, 32)
    with Truth("--queue-total", "%dM" % total, bound=2 * total * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/crowd")
        names = ["reader%d" % number for number in range(count)]
        crowd = truth.crowd(names, "/crowd", receive_buffer=4096, presence="hidden")
        until(lambda: truth.value("connections") == count + 2, "all are there")
        for _ in range(5):  # of which the kernel takes up to four for each
            alice.send(file_of(900000))
            alice.recv("message")
        is_well()
        assert truth.value("queued_bytes") > total * MIB, "they are not far enough behind"
        for member in crowd.members.values():
            member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)
        crowd.reading.set()
        crowd.all(lambda member: member.kinds.get("message") == 5, "everybody has the files")
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


# ---- what is received ----


def half(size=1000000, rest=300000):
    """A message of which the end is missing."""
    return file_of(size)[:-rest]


@case("messages that are left half sent are bounded, and a whole one beside them arrives", server=False)
@limits("--receive-total")
def _():
    with Truth("--receive-total", "32M", "--history-keep", "0", bound=32 * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/honest")
        first = truth.server.join("first", "/half")
        first.send(half())
        lots = [truth.server.peer("/half") for _ in range(1500 if FULL else 200)]
        piece = half()
        for number, peer in enumerate(lots):
            peer.say({"type": "init", "username": "half%d" % number, "id": "%d" % number, "presence": "hidden"})
            try:
                peer.send(piece)
            except OSError:  # it has been turned away already
                pass
            if number % 20 == 0:
                alice.send(file_of(1000000))
                alice.heard("f")
                is_well()
        first.refused("server_full", fatal=True)
        first.closes(1008, answer=False)
        assert truth.value('drops_total{reason="server_full"}') > len(lots) / 2
        assert truth.value('memory_bytes{kind="receive"}') > 20 * MIB, "too many are dropped"


@case("who ends with a message half sent makes nobody give way", server=False)
def _():
    with Truth("--receive-total", "32M", "--history-keep", "0", bound=32 * MIB) as truth:
        ending = [truth.server.peer("/half") for _ in range(25)]
        for number, peer in enumerate(ending):
            peer.init("half%d" % number, presence="hidden")
            peer.send(half())
        until(lambda: memory_of(truth.path)[0]["receive"] > 16 * MIB, "much is half sent")
        coming = [truth.server.join("whole%d" % number, "/whole%d" % number) for number in range(20)]
        file = file_of(1000000)
        truth.server.signal(signal.SIGSTOP)
        for peer in ending:
            peer.reset()
        for peer in coming:
            peer.send(file[:60000])
        threads = [threading.Thread(target=peer.send, args=[file[60000:]]) for peer in coming]
        for thread in threads:
            thread.start()
        truth.server.signal(signal.SIGCONT)
        for peer in coming:
            peer.heard("f")
        truth.server.peers = coming
        assert truth.value('drops_total{reason="server_full"}') == 0


@case("heads of requests that are left half sent are bounded", server=False)
def _():
    with Truth("--receive-total", "1M", "--max-message", "64k", bound=MIB) as truth:
        is_well = bystander(truth.server)
        head = request(headers=["X-Long: " + "x" * 7000])[:-2]
        peers = [truth.server.peer(upgrade=False) for _ in range(400)]
        for peer in peers:
            peer.send(head)
        is_well()
        assert peers[0].response()[0] == 503
        assert truth.server.peer(upgrade=False) and truth.server.join("late")


# ---- what waits for the disk ----


class Held:
    """A journal on a disk whose syncs take as long as the block lasts."""

    def __init__(self):
        self.dir = os.path.join(new_dir(), "journal")
        self.file = self.dir + ".hold"
        self.env = disk(self.dir, hold="fdatasync:" + self.file)
        self.options = "--journal", self.dir, "--sync", "always", "--history-keep", "0"

    def __enter__(self):
        open(self.file, "w").close()

    def __exit__(self, *_):
        os.unlink(self.file)


def cpu_of(server):
    with open("/proc/%d/stat" % server.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("while a sync takes its time who speaks is read no further, who listens is, and nothing is lost", server=False)
def _():
    held = Held()
    with Truth("--unsynced-total", "16M", *held.options, bound=(16 + NONCES + QUEUES) * MIB, env=held.env) as truth:
        listener = truth.server.join("listener", "/disk0")
        crowd = Crowd(truth.server, [], "/")
        truth.crowds.append(crowd)
        for number in range(40):
            sock = connect(truth.server.url)
            sock.sendall(request("/disk%d" % number) + init("sender", presence="hidden"))
            crowd.add(Member(sock))
        crowd.reading.set()
        crowd.joined()
        threads = []
        with held:
            for number, sender in enumerate(crowd.members.values()):
                files = [file_of(20000, "%d-%d" % (number, count), nonce="%d" % count) for count in range(60)]
                threads.append(threading.Thread(target=sender.sock.sendall, args=[b"".join(files)]))
                threads[-1].start()
            until(lambda: memory_of(truth.path)[0]["unsynced"] > 8 * MIB, "much waits")
            used = cpu_of(truth.server)
            for _ in range(16 if FULL else 1):
                listener.quiet()
                time.sleep(0.5)
            listener.quiet()
            assert memory_of(truth.path)[0]["unsynced"] <= 16 * MIB
            assert cpu_of(truth.server) - used < 0.3, "it spins"
        for thread in threads:
            thread.join()
        crowd.all(lambda member: member.kinds.get("message") == 60, "each has heard what it said")
        assert not any(member.errors for member in crowd.members.values())
        assert [listener.recv("message")["content"] for _ in range(60)] == ["0-%d" % count for count in range(60)]
        lines = [json.loads(line) for path in segments(held.dir) for line in open(path)]
        kept = [line["content"] for line in lines if line["type"] == "message"]
        for number in range(40):
            mine = [name for name in kept if name.startswith("%d-" % number)]
            assert mine == ["%d-%d" % (number, count) for count in range(60)], mine


def lines_of(count, size):
    file = {"type": "t", "size": 1, "data": "A" * size}
    return b"".join(json.dumps({"type": "file", "file": {"name": "%d" % number, **file}}).encode() + b"\n" for number in range(count))


@case("standard input waits for the disk as well, a pipe or a file, and nothing is lost", server=False)
def _():
    lines = lines_of(1500, 20000)
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "lines")
    with open(path, "wb") as file:
        file.write(lines)
    for is_file in False, True:
        held = Held()
        with held, open(path, "rb") as file:
            options = "--stdin", "--unsynced-total", "16M", *held.options
            truth = Truth(*options, bound=(16 + QUEUES) * MIB, env=held.env, stdin=file if is_file else subprocess.PIPE)
            truth.__enter__()
            if not is_file:
                writer = threading.Thread(target=truth.server.process.communicate, args=[lines])
                writer.start()
            until(lambda: memory_of(truth.path)[0]["unsynced"] > 7 * MIB, "much waits")
            used = cpu_of(truth.server)
            time.sleep(0.3)
            assert cpu_of(truth.server) - used < 0.2, "it spins"
            assert memory_of(truth.path)[0]["unsynced"] <= 16 * MIB
        until(lambda: truth.value("messages_total") == 1500, "all is posted")
        until(lambda: memory_of(truth.path)[0]["unsynced"] < MIB, "all is kept")
        truth.__exit__(None)
        kept = [json.loads(line) for one in segments(held.dir) for line in open(one)]
        assert [line["content"] for line in kept if line["type"] == "message"] == ["%d" % number for number in range(1500)]


@case("what the disk held up comes all at once, and nobody is too slow for that", server=False)
def _():
    held = Held()
    with Truth("--queue", "512k", "--max-message", "512k", *held.options, bound=(64 + NONCES + QUEUES) * MIB, env=held.env) as truth:
        alice = truth.server.join("alice", "/disk")
        bob = truth.server.peer("/disk", receive_buffer=4096)
        bob.init("bob", presence="hidden")
        with held:
            for number in range(12):
                alice.send(file_of(500000, "%d" % number))
            until(lambda: memory_of(truth.path)[0]["unsynced"] > 9 * MIB, "all waits")
        for peer in alice, bob:
            assert [peer.recv("message")["content"] for _ in range(12)] == ["%d" % number for number in range(12)]


@case("what has no room while a sync takes its time is put off, and can be said again", server=False)
@limits("--unsynced-total")
def _():
    held = Held()
    options = "--unsynced-total", "1M", "--max-message", "64k", *held.options
    with Truth(*options, bound=(1 + NONCES + QUEUES) * MIB, env=held.env) as truth:
        refused = 'errors_total{code="unavailable"}'
        sizes = [60000 >> number // 10 for number in range(60)]
        senders = [truth.server.join("sender%d" % number, "/disk%d" % number) for number in range(60)]
        with held:
            for sent in range(0, 60, 10):  # the large ones first, and what is left of the room is filled
                for size, sender in list(zip(sizes, senders))[sent : sent + 10]:
                    sender.send(file_of(size, nonce="n"))
                until(lambda: truth.value("received_bytes_total") > sum(sizes[: sent + 10]), "they are read")
            until(lambda: truth.value(refused) > 0, "some are put off")
            late = truth.server.peer("/disk0")
            late.say({"type": "init", "username": "late", "id": long_id(0)})
            wait = late.refused("unavailable")["retryAfter"] / 1000
            assert memory_of(truth.path)[0]["unsynced"] <= MIB
        time.sleep(wait)
        late.init("late", long_id(0))
        waiting = dict(zip(senders, sizes))
        while waiting:
            for sender in list(waiting):
                message = sender.recv()
                if message["type"] == "error":
                    assert message["code"] == "unavailable" and message["nonce"] == "n", message
                    continue
                assert message["file"]["data"] == "A" * waiting.pop(sender)
            time.sleep(wait if waiting else 0)
            for sender, size in waiting.items():
                sender.send(file_of(size, nonce="n"))


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


@case("nonces, channels and those who have just left take what is said", server=False)
def _():
    with Truth("--grace", "1h", "--history-memory", "64M", bound=(64 + NONCES + 50) * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/nonces")
        for count in range(100 if FULL else 10):
            texts = [{"type": "text", "text": "x", "nonce": "%d-%d" % (count, number)} for number in range(1000)]
            alice.send(*[frame(TEXT, json.dumps(text)) for text in texts])
            for _ in texts:
                alice.heard("x")
        is_well()
        for number in range(8000 if FULL else 400):
            peer = Peer(truth.server.url, "/channel%d" % (number // 2))
            peer.init("user%d" % number, long_id(number))
            peer.text("x" * 900)
            peer.close()
        is_well()


@case("those who wait their turn, with all that they have said", server=False)
def _():
    tokens, count = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "tokens"), 4000 if FULL else 1600
    with open(tokens, "w") as file:
        file.write("alice:" + "0" * 64 + "\n")
    options = "--tokens", tokens, "--trust-proxy", "127.0.0.1", "--max-failures", "1", "--rate-join", "0"
    said = init("alice", token="guess") + frame(TEXT, json.dumps({"type": "text", "text": "x" * 900})) * 16
    with Truth(*options, bound=count * 20000) as truth:
        for number in range(count):
            sock = connect(truth.server.url)
            sock.sendall(request(headers=["X-Forwarded-For: 203.0.113.%d" % (number % (count // 60))]) + said)
            truth.crowds.append(sock)
        until(lambda: truth.peak_held > count * 4000, "what they say counts")


@case("TLS: those who agree, who are idle, who stand in the middle of a record", server=False)
def _():
    tmp, count = os.environ["TMP"], 2000 if FULL else 300
    options = "--tls-cert", tmp + "/server.pem", "--tls-key", tmp + "/server.key", "--head-timeout", "1h"
    with Truth(*options, "--init-timeout", "1h", bound=count * 65536) as truth:
        is_well = bystander(truth.server)
        address = truth.server.url.replace("wss", "ws")
        agreeing = [connect(address) for _ in range(count)]
        for sock in agreeing:
            sock.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" + bytes(8000))  # of a ClientHello
        is_well()
        peers = [truth.server.peer() for _ in range(count // 4)]
        is_well()
        for sock in agreeing:
            sock.close()
        for peer in peers:
            os.write(peer.sock.fileno(), b"\x17\x03\x03\x40\x00" + bytes(8000))  # of a record
        is_well()
        for peer in peers:
            os.close(peer.sock.detach())
        truth.server.peers = truth.server.peers[:1]
        is_well()


@case("TLS: those who are closed and do not go", server=False)
def _():
    tmp, count = os.environ["TMP"], 2000 if FULL else 200
    options = "--tls-cert", tmp + "/server.pem", "--tls-key", tmp + "/server.key", "--close-timeout", "1h"
    with Truth(*options, bound=count * 65536) as truth:
        is_well = bystander(truth.server)
        peers = [truth.server.peer() for _ in range(count)]
        before = truth.value('memory_bytes{kind="connections"}')
        for peer in peers:
            peer.send(frame(BINARY, b"x"))
        until(lambda: truth.value('memory_bytes{kind="connections"}') > before + count * 10000, "the goodbyes count")
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
