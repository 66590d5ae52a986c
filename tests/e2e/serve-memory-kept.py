"""The memory that chat-serve takes for what waits for the disk, and for what it keeps for long, is the memory that it counts,
whatever peers do. See counted_memory.py.
"""
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from counted_memory import (
    FULL, MIB, NONCES, QUEUES, Crowd, Member, Truth, bystander, deaf, file_of, init, long_id, memory_of)
from journaling import disk, new_dir, segments
from limits_table import limits
from peer import BINARY, TEXT, Peer, connect, frame, request, until
from serving import case, main

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
            used = truth.server.cpu()
            for _ in range(16 if FULL else 1):
                listener.quiet()
                time.sleep(0.5)
            listener.quiet()
            assert memory_of(truth.path)[0]["unsynced"] <= 16 * MIB
            assert truth.server.cpu() - used < 0.3, "it spins"
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
            used = truth.server.cpu()
            time.sleep(0.3)
            assert truth.server.cpu() - used < 0.2, "it spins"
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
