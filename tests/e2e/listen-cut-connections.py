"""chat-listen reads through a proxy that cuts its connections, and prints into a pipe whose reader pauses.

Each run has a channel of its own, in which a client says many lines as fast as it can. Where the server has a journal
the listener prints all of them, in order, once. Without a journal it prints all, or a `$gap` that names exactly those
that are missing. The arguments are those of main() of serving.py. CHAT_TEST_FULL: 200 runs of 60,000 lines.
"""
import json
import os
import random
import select
import socket
import subprocess
import threading
import time

from peer import SLOWNESS
from serving import Server, case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
RUNS, LINES = (50, 60000) if FULL else (2, 15000)  # for each kind of server
PAUSE = (0.2, 3.0) if FULL else (0.05, 0.4)  # seconds
AT_ONCE = 4 if FULL else 2
LIMIT = 60 * SLOWNESS  # seconds without a word
BIN = os.environ["BUILD"]
TLS = ["--tls-cert", os.environ["TMP"] + "/server.pem", "--tls-key", os.environ["TMP"] + "/server.key"]


class Proxy(threading.Thread):
    """Passes bytes on, and cuts each connection after a random number of them, so many times."""

    until = None  # these bytes a connection is cut: the first one only

    def __init__(self, port, chance, cuts):
        super().__init__(daemon=True)
        self.open, self.carried = threading.Event(), []
        self.open.set()
        self.to, self.chance, self.cuts = port, chance, cuts
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                ours = self.listening.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.carry, args=(ours,), daemon=True).start()

    def shut(self):
        """Cuts what there is; others wait for open.set()."""
        self.open.clear()
        for ours, _ in list(self.carried):
            ours.shutdown(socket.SHUT_RDWR)  # and carry() closes both

    def carry(self, ours):
        self.open.wait()
        theirs = socket.create_connection(("127.0.0.1", self.to))
        self.carried.append((ours, theirs))
        left = self.chance.choice((2000, 20000, 300000, 3000000)) * self.chance.random() if self.cuts else float("inf")
        try:
            while left > 0:
                for ready in select.select([ours, theirs], [], [])[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        return
                    if self.until and self.until in piece:
                        ours.sendall(piece[: piece.index(self.until)])
                        self.until = None
                        return self.open.clear()
                    (ours if ready is theirs else theirs).sendall(piece)
                    left -= len(piece)
            self.cuts -= 1
            if self.chance.random() < 0.5:  # without a FIN
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        except OSError:
            pass
        finally:
            self.carried.remove((ours, theirs))
            ours.close()
            theirs.close()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


def lines_of(reader):
    """Yields the whole lines that chat-listen prints, each time those that have come."""
    rest, count = b"", 0
    while True:
        assert select.select([reader.stdout], [], [], LIMIT)[0], "after %d lines nothing comes" % count
        piece = os.read(reader.stdout.fileno(), 65536)
        assert piece, "chat-listen ended: %d" % reader.wait()
        *whole, rest = (rest + piece).split(b"\n")
        count += len(whole)
        yield whole


class Run:
    def __init__(self, server, seed):
        self.chance = random.Random(seed)
        self.seed, self.channel = seed, "run-%d" % seed
        scheme, rest = server.url.split("://")
        self.url = "%s://localhost:%%d/" % scheme
        self.port = int(rest.rstrip("/").rsplit(":", 1)[1])
        self.gaps = 0

    def tool(self, name, port, *options, **popen):
        trust = ["--cacert", os.environ["TMP"] + "/ca.pem"] if self.url.startswith("wss") else []
        return subprocess.Popen([os.path.join(BIN, name), "-U", self.url % port, "-c", self.channel, *trust, *options], **popen)

    def say(self, count=LINES):
        pad = "x" * self.chance.randrange(1, 200)
        lines = "".join("%d %s\n" % (number, pad) for number in range(count)) + "end\n"
        sender = self.tool("chat-send", self.port, "-u", "alice", "-l", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out = sender.communicate(lines.encode(), LIMIT)[0]
        assert sender.returncode == 0, "chat-send: %d" % sender.returncode
        self.ids = [json.loads(line)["id"] for line in out.splitlines()]
        assert len(self.ids) == count + 1

    def hear(self, reader):
        """Everything it prints up to the end, read with pauses; those begin when somebody speaks."""
        pauses = sorted(self.chance.randrange(LINES) for _ in range(self.chance.randrange(1, 5)))
        self.heard = []
        for whole in lines_of(reader):
            self.heard += whole
            if self.heard:
                self.speaking.set()
            while pauses and len(self.heard) >= pauses[0]:
                pauses.pop(0)
                time.sleep(self.chance.uniform(*PAUSE))  # this reader's way
            if self.has_heard_all():
                return

    def has_heard_all(self):
        """The last message has come; behind it there may be events of a connection that was cut then."""
        return any(b'"content":"end"' in line for line in self.heard[-100:])

    def go(self):
        proxy = Proxy(self.port, self.chance, self.chance.randrange(6))
        self.speaking = threading.Event()
        reader = self.tool("chat-listen", proxy.port, "-u", "bob", "--events", "--wait", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        failed = []

        def speak():
            try:
                self.speaking.wait(LIMIT)
                self.say()
            except Exception as error:
                failed.append(error)

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            self.hear(reader)
            speaker.join()
            assert not failed, failed
            self.check()
        finally:
            self.speaking.set()
            reader.kill()
            reader.wait()
            reader.stdout.close()
            proxy.close()

    def check(self):
        at = 0  # of the next message
        for line in map(json.loads, self.heard):
            if line["type"] == "message":
                assert line["id"] == self.ids[at], "run %d: %d expected, got %s" % (self.seed, at, line["content"][:8])
                at += 1
            elif line["type"] == "$gap":
                assert at == 0 or line["after"] == self.ids[at - 1], "run %d: a gap after %r" % (self.seed, line)
                behind = self.ids.index(line["before"])
                assert behind > at, "run %d: a gap where nothing is missing: %r" % (self.seed, line)
                at = behind
                self.gaps += 1
        assert at == len(self.ids), "run %d: %d messages" % (self.seed, at)


def early(server, lines, until=None, gaps=0):
    """The connection is cut after so many lines, or those bytes; then more is said than a history has."""
    run = Run(server, len(lines))
    proxy = Proxy(run.port, run.chance, 0)
    proxy.until = until
    reader = run.tool("chat-listen", proxy.port, "-u", "bob", "--events", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    coming, got = lines_of(reader), []
    while len(got) < len(lines):
        got += next(coming)
    assert [json.loads(line)["type"] for line in got] == lines
    if not until:
        proxy.shut()
    run.say(300)
    proxy.open.set()
    run.heard = []
    while not run.has_heard_all():
        run.heard += next(coming)
    run.check()
    assert run.gaps == gaps
    reader.kill()
    reader.wait()
    reader.stdout.close()
    proxy.close()


def runs(server, first):
    """All of this kind; returns how many had a gap."""
    todo = [Run(server, first + number) for number in range(RUNS)]
    done, failed = [], []

    def work():
        while todo and not failed:
            run = todo.pop()
            try:
                run.go()
                done.append(run)
            except Exception as error:
                failed.append("run %d: %r" % (run.seed, error))

    workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed and len(done) == RUNS, failed
    return sum(run.gaps > 0 for run in done)


def journal(*options):
    return Server("--quiet", "--journal", os.path.join(os.environ["TMP"], "journal-%d" % len(options)), "--sync", "never", *options)


@case("with a journal every line comes, in order, once", server=False)
def _():
    assert runs(journal(), 100) == 0, "a gap"


@case("with a journal, over TLS, likewise", server=False)
def _():
    assert runs(journal(*TLS), 200) == 0, "a gap"


@case("without a journal every line comes, or a gap names exactly what is missing", "--quiet", "--history-keep", "5000")
def _(server):
    print("# %d of %d runs had a gap" % (runs(server, 300), RUNS))


@case("without a journal, over TLS, likewise", "--quiet", "--history-keep", "5000", *TLS)
def _(server):
    print("# %d of %d runs had a gap" % (runs(server, 400), RUNS))


@case("who lost the connection before anything was said misses nothing of it", "--quiet")
def _(server):
    early(server, ["userData", "history"])


@case("and who lost it between userData and history", "--quiet")
def _(server):
    early(server, ["userData"], until=b'{"type":"history"')


@case("but hears of a gap where more was said than is kept", "--quiet", "--history-keep", "100")
def _(server):
    early(server, ["userData"], b'{"type":"history"', gaps=1)
    early(server, ["userData", "history"], gaps=1)


main()
