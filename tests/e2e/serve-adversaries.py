"""Twelve attackers on six addresses make all attacks of adversary.py at once, beside fifty members who chat and
newcomers who read the history. All the while the test checks what honest users are promised: each message once, from
its sender, in one order, and soon; a history for each newcomer; and memory as the server counts it.

CHAT_TEST_FULL=1: a minute each. CHAT_TEST_ATTACK=name,name: only these attacks.
"""
import fcntl
import hashlib
import json
import os
import secrets
import selectors
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import adversary
from peer import DEADLINE, PING, PONG, SLOWNESS, TEXT, frame, whole_frames
from serving import TLS, Server, awaited_cpu, case, main
from witness import resident_kib

MEMBERS = 50
CHANNELS = ["/", "/h1", "/h2", "/h3", "/h4"]  # attackers are in the first
LOUNGE = "/lounge"  # where guests say something
GUESTS = ["guest%d" % number for number in range(5)]
SECONDS = 60 if os.environ.get("CHAT_TEST_FULL") else 2.5
PACE = 0.005  # seconds from one text to the next
WARM = 60  # texts in each channel before the attack
TRIES = 3  # of the crowd: a machine that does other work makes echoes late as well
P99_MS = 50 * SLOWNESS  # of an echo, beyond that of a bare one
BUSY = 0.25  # part of the time that the server had to wait for a processor: there times say little about it
ARRIVAL_MS = 2000 * SLOWNESS  # from a request to the history, for who comes
FREE_KIB = 16 << 10  # that the process may have beyond 1.5 times what it counts
BOUNDS_MIB = {"queue-total": 4, "receive-total": 8, "unsynced-total": 8, "history-memory": 16, "nonce-memory": 8}
MOST_KIB = (sum(BOUNDS_MIB.values()) + 24 << 10) + FREE_KIB  # 24: for connections with their TLS, channels, stdout
LARGE = 100000  # bytes of a message whose file nobody looks at: reading it would take the time that is measured
PAST = 4000  # texts that attackers ask for again and again
RATE, BURST, SHARE, MOST_OF_ADDRESS = 20, 100, 4, 64  # what holds by default for who comes through a proxy
OPTIONS = ["--%s=%dM" % bound for bound in BOUNDS_MIB.items()] + [
    "--trust-proxy=" + adversary.PROXY, "--max-channels=200", "--head-timeout=2s", "--init-timeout=2s",
    "--message-timeout=2s", "--close-timeout=1s", "--progress-timeout=2s"]  # fmt: skip
SANITIZED = "asan" in os.environ["BUILD"] or "tsan" in os.environ["BUILD"]  # their time and memory are other matters


# ---- the honest ----


class Member:
    """One of the honest. It holds each message of its channel against what was said, by whom, in which order."""

    def __init__(self, crowd, number, channel, **init):
        self.crowd, self.channel, self.name = crowd, channel, "honest%02d" % number
        origin = ["X-Forwarded-For: 198.51.100.%d" % number] if number % 2 else []
        source = {"source": adversary.PROXY} if origin else {}
        self.peer = crowd.server.peer(channel, headers=origin, **source)
        users, _ = self.peer.init(self.name, **init)
        self.id = users["server"]["you"]["id"]
        self.sock = self.peer.sock
        self.sock.setblocking(False)
        self.said = 0
        self.begun = {}  # seconds, by what was said and not heard here
        self.pings = []
        self.next = {}  # of each of the honest in its channel: the number of what it says next
        self.last = ""  # id
        self.out = b""

    def content(self, number):
        words = "%s %d" % (self.name, number)
        return words + " " + hashlib.sha256(words.encode()).hexdigest()[: number % 60]

    def say(self):
        """One more; some in two pieces, some with a ping in front, some a file."""
        number, self.said = self.said, self.said + 1
        self.begun[number] = time.monotonic()
        more = {"nonce": "n-%d" % number} if number % 3 == 0 else {}
        if number % 17 == 16:
            message = adversary.file(60000, self.content(number), **more)
        else:
            message = adversary.text(self.content(number), **more)
        if number % 7 == 6:
            self.pings.append(os.urandom(20))
            message = frame(PING, self.pings[-1]) + message
        cut = len(message) // 2 if number % 5 == 4 else len(message)
        self.out += message[:cut]
        self.write()
        return (self, message[cut:])

    def finish(self, rest):
        self.out += rest
        self.write()

    def write(self):
        try:
            self.out = self.out[self.sock.send(self.out) :] if self.out else b""
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass

    def read(self):
        try:
            while True:
                piece = self.sock.recv(1 << 16)
                assert piece, "%s was cut off" % self.name
                self.peer.got += piece
                self.hear()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass

    def hear(self):
        for opcode, payload in whole_frames(self.peer.got):
            if opcode == TEXT:
                self.take(json.loads(payload if len(payload) < LARGE else payload.partition(b',"file":')[0] + b"}"))
            else:
                right = opcode == PONG and payload == self.pings.pop(0)
                assert right, "%s got %d %r" % (self.name, opcode, payload[:200])

    def take(self, message):
        kind = message["type"]
        assert kind in ("message", "userStatus"), "%s got %.300r" % (self.name, message)
        if kind == "userStatus":
            return
        assert message["id"] > self.last, "%s: %s after %s" % (self.name, message["id"], self.last)
        assert message["channel"] == self.channel, message
        self.last = message["id"]
        speaker = self.crowd.by_name.get(message["sender"])
        if speaker is None:
            assert message["sender"] in self.crowd.strangers(self.channel), "%s heard %.300r" % (self.name, message)
            return
        number = self.next.get(speaker.name, 0)
        assert message["content"] == speaker.content(number), "%s heard %.300r for %d" % (self.name, message, number)
        assert message["senderId"] == speaker.id and speaker.channel == self.channel, message
        self.next[speaker.name] = number + 1
        if speaker is self:
            self.crowd.times.append(time.monotonic() - self.begun.pop(number))

    def has_heard_all(self):
        here = [one for one in self.crowd.members if one.channel == self.channel]
        return not self.out and all(self.next.get(one.name, 0) == one.said for one in here)


class BareEcho:
    """Measures an echo without a server: cat returns the line. It shows how busy the machine is."""

    def __init__(self, selector):
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)  # fmt: skip
        self.begun, self.times = [], []
        selector.register(self.process.stdout, selectors.EVENT_READ, self)

    def say(self):
        self.begun.append(time.monotonic())
        self.process.stdin.write(b"x")

    def read(self):
        for _ in self.process.stdout.read(1000):
            self.times.append(time.monotonic() - self.begun.pop(0))

    def end(self):
        self.process.kill()
        self.process.communicate()


def p99_ms(times):
    return sorted(times)[len(times) * 99 // 100] * 1000


class Crowd:
    def __init__(self, server, tokens):
        self.server, self.members, self.by_name = server, [], {}
        self.times = []  # seconds from the last byte of a message to hearing it
        self.selector = selectors.DefaultSelector()
        self.bare = BareEcho(self.selector)
        self.waited = 0  # part of the time that the server was not let run: nothing is its fault then
        for number in range(MEMBERS):
            name = "honest%02d" % number
            member = Member(self, number, CHANNELS[number % len(CHANNELS)], **({"token": tokens[name]} if tokens else {}))
            self.members.append(member)
            self.by_name[name] = member
            self.selector.register(member.sock, selectors.EVENT_READ, member)

    def strangers(self, channel):
        return adversary.IDENTITIES if channel == "/" else GUESTS

    def turn(self, seconds):
        for key, _ in self.selector.select(max(0, seconds)):
            key.data.read()

    def chat(self, seconds=0, texts=0, pace=PACE):
        """For so long, or so many texts."""
        start = due = time.monotonic()
        unfinished = None
        turn = 0
        while time.monotonic() - start < seconds or turn < texts:
            if time.monotonic() >= due:
                if unfinished:
                    unfinished[0].begun[unfinished[0].said - 1] = time.monotonic()
                    unfinished[0].finish(unfinished[1])
                self.bare.say()
                unfinished = self.members[turn % MEMBERS].say()
                unfinished = unfinished if unfinished[1] else None
                turn += 1
                due = max(due + pace, time.monotonic() - 10 * pace)
            self.turn(due - time.monotonic())
        if unfinished:
            unfinished[0].finish(unfinished[1])

    def settle(self):
        """All has come to all."""
        deadline = time.monotonic() + DEADLINE
        while not all(member.has_heard_all() for member in self.members):
            assert time.monotonic() < deadline, "lost: %r" % [
                (member.name, one.name, member.next.get(one.name, 0), one.said)
                for member in self.members for one in self.members
                if one.channel == member.channel and member.next.get(one.name, 0) != one.said][:5]  # fmt: skip
            for member in self.members:
                member.write()
            self.turn(0.01)


# ---- the case ----


def give_tokens(names):
    """A file of tokens, and the token of each name."""
    tokens = {name: secrets.token_hex(16) for name in names}
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "tokens")
    with open(path, "w") as file:
        for name, token in tokens.items():
            file.write("%s:%s\n" % (name, hashlib.sha256(token.encode()).hexdigest()))
    return path, tokens


class Helper:
    """A program of its own beside the test, with SURROUNDINGS as its last argument."""

    def __init__(self, *command, nice="0"):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nice", "-n", nice, sys.executable, "-B", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip

    def await_start(self):
        assert self.process.stdout.readline() == b"begun\n", "%r does not begin" % self.process.args

    def end(self):
        """Closes its input and returns all its output."""
        return self.process.communicate()[0]

    def kill(self):
        self.process.kill()
        self.process.wait()


def surroundings(server, crowd, tokens, since, monitor, told):
    """The file for the attackers and the witness."""
    path = os.path.join(server.dir, "surroundings")
    with open(path, "w") as file:
        json.dump({

            "url": server.url,
            "monitor": monitor,
            "metrics": "unix:" + monitor if told else None,  # there the witness alone asks
            "tokens": tokens,
            "honest": [{"username": one.name, "id": one.id} for one in crowd.members],
            "since": since,
            "guests": GUESTS,
            "lounge": LOUNGE,
            "channels": CHANNELS,
            "errors": server.err_path if told else None,
            "pid": server.pid,
        }, file)  # fmt: skip
    return path


def is_slow(crowd):
    """Whether the echoes take longer than adversaries may cause."""
    patience = 1 if crowd.waited < BUSY else 20
    return p99_ms(crowd.times) - p99_ms(crowd.bare.times) >= P99_MS * patience


def attacked(crowd, path):
    """The crowd chats for SECONDS, once more if it is slow, while all attack. What the witness has seen."""
    witness = Helper("tests/helpers/witness.py", path)
    attackers = [Helper("tests/helpers/adversary.py", str(group), path, nice="19") for group in range(adversary.GROUPS)]
    try:
        witness.await_start()
        for _ in range(TRIES):
            crowd.times.clear(), crowd.bare.times.clear()
            waited = awaited_cpu(crowd.server.pid)
            crowd.chat(SECONDS)
            crowd.waited = (awaited_cpu(crowd.server.pid) - waited) / SECONDS
            if not is_slow(crowd):
                break
        for attacker in attackers:
            attacker.kill()
        crowd.settle()
        return json.loads(witness.end())
    finally:
        for helper in [witness, *attackers]:
            helper.kill()
        crowd.bare.end()


def judge_memory(samples, start):
    """Yields what is wrong with the memory. start: KiB that were resident when the server had started."""
    grown = max(resident for resident, _ in samples) - start
    _, more, counted = max((kib - start - 1.5 * counted, kib - start, counted) for kib, counted in samples)
    print("# memory: at most %d MiB more; %d MiB when %d MiB were counted" % (grown >> 10, more >> 10, counted >> 10))
    if grown > MOST_KIB:
        yield "%d KiB of memory more" % grown
    if more > 1.5 * counted + FREE_KIB:
        yield "%d KiB of memory more, where %d are counted" % (more, counted)


def judge_times(crowd, arrivals):
    """Yields what is wrong with the times."""
    echo_ms, bare_ms = p99_ms(crowd.times), p99_ms(crowd.bare.times)
    slowest_ms = max(arrivals, default=float("inf"))
    patience = 1 if crowd.waited < BUSY else 20
    numbers = len(crowd.times), echo_ms, bare_ms, 100 * crowd.waited, len(arrivals), slowest_ms
    print("# %d texts, echo p99 %.1f ms (bare %.1f, waited %.0f %%); %d came, at most %.0f ms" % numbers)
    if is_slow(crowd):
        yield "echo p99 %.1f ms, bare %.1f ms" % (echo_ms, bare_ms)
    if slowest_ms >= ARRIVAL_MS * patience:
        yield "who came waited for %.0f ms" % slowest_ms


def judge(crowd, seen, start_kib):
    measured = list(judge_times(crowd, seen["arrivals_ms"]))
    measured += judge_memory(seen["samples"], start_kib)
    wrong = seen["problems"][:3] + ([] if SANITIZED else measured)
    assert not wrong, "; ".join(wrong)


def is_valid_log(path):
    done = subprocess.run(["chat-validate", "--from", "server", "--state", path], stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout[:1000]


def judge_log(path, tokens, seconds):
    """Yields what the server let in beyond its limits: messages of one address or, with tokens, of one name; members
    whose address cannot be read."""
    said, inside, most = {}, set(), 0
    bound = 1.2 * (BURST + RATE * seconds)
    with open(path) as file:
        for line in file:
            event = json.loads(line)
            if event["type"] == "message" and event["channel"] == "/flood":
                who = event["sender"] if tokens else int(event["senderId"].split("-")[1])
                said[who] = said.get(who, 0) + (1 if tokens else 1 / SHARE)
            elif event["type"] == "userStatus" and event["channel"] == "/forwarded":
                inside ^= {event["userId"]}
                most = max(most, len(inside))
    limited = {who: count for who, count in said.items() if tokens or adversary.ADDRESSES[who][1]}
    assert max(limited.values(), default=0) <= bound, "over the rate: %r" % limited
    # Of 160 who try. Those who have gone count until their grace time ends.
    assert most <= 1.5 * MOST_OF_ADDRESS, "%d members from an address that cannot be read" % most


def the_past(server, tokens):
    """A channel with much of it, posted by the server itself. The id of its first message."""
    listener = server.join(GUESTS[0], "/past", **({"token": tokens[GUESTS[0]]} if tokens else {}))
    line = json.dumps({"type": "text", "text": "z" * 900, "channel": "/past"}).encode() + b"\n"
    threading.Thread(target=lambda: (server.process.stdin.write(line * PAST), server.process.stdin.close())).start()
    ids = [listener.recv("message")["id"] for _ in range(PAST)]
    listener.leave()
    return ids[0]


def attack(*options, with_tokens=False, **more):
    names = ["honest%02d" % number for number in range(MEMBERS)] + adversary.IDENTITIES + GUESTS
    file, tokens = give_tokens(names) if with_tokens else (None, None)
    monitor = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
    options = [*OPTIONS, "--stdin", "--metrics", "unix:" + monitor, *options] + (["--tokens", file] if file else [])
    server = Server(*options, stdin=subprocess.PIPE, **more)
    start_kib = resident_kib(server.pid)
    since = the_past(server, tokens)
    crowd = Crowd(server, tokens)
    crowd.chat(texts=WARM * len(CHANNELS), pace=0.001)
    crowd.settle()
    start = time.monotonic()
    seen = attacked(crowd, surroundings(server, crowd, tokens, since, monitor, told="stderr" not in more))
    judge(crowd, seen, start_kib)
    judge_log(server.out_path, tokens, time.monotonic() - start)
    server.stop()
    is_valid_log(server.out_path)


@case("adversaries: a server for everybody, whose standard error nobody reads", server=False)
def _():
    end, errors = os.pipe()
    fcntl.fcntl(errors, fcntl.F_SETPIPE_SZ, 4096)
    attack("-v", "--history-keep", "5000", stderr=errors)
    os.close(end), os.close(errors)


@case("adversaries: TLS and tokens", server=False)
def _():
    TLS.extend(os.environ["ADVERSARIES_TLS"].split())
    try:
        attack("--history-keep", "5000", with_tokens=True)
    finally:
        TLS.clear()


@case("adversaries: a journal, each message synced", server=False)
def _():
    journal = os.path.join(os.environ["TMP"], "journal")
    attack("--history-keep", "100", "--journal", journal, "--sync", "always", "--journal-max-bytes", "16M")


if __name__ == "__main__":
    main()
