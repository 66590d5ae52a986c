"""Nonces are said again before it is known whether their messages are kept, in any order of events.

The disk is held, so that nothing is published. Then connections of two users say the same few nonces again and again,
in bursts; some come back on a new connection and say them once more. When the disk goes on, or fails, each line that
carried a nonce has had one answer on its connection.
"""
import collections
import errno
import json
import os
import random
import tempfile

from journaling import disk, new_dir, start
from peer import PING, PONG, TEXT, frame
from serving import case, main

NONCES = ["n%d" % i for i in range(5)]
SEEDS = 12


class Talk:
    """Connections of alice, twice, and bob, on a server whose disk is held; what each has said."""

    def __init__(self, fault=None):
        self.held, self.failing = (tempfile.mktemp(dir=os.environ["TMP"]) for _ in range(2))
        self.dir = new_dir()
        fault = fault and "fdatasync:1:%d:0:%s" % (fault, self.failing)
        environment = disk(self.dir, fault, hold="fdatasync:" + self.held)
        self.server = start(self.dir, "--sync", "always", "--grace", "0s", env=environment)
        self.peers = [self.join(name) for name in ("alice", "alice", "bob")]
        self.said = set()  # (username, nonce)
        open(self.held, "w").close()

    def join(self, name):
        peer = self.server.join(name, "/room")
        peer.name, peer.times = name, collections.Counter()
        return peer

    def come_back(self, number):
        self.peers[number].reset()
        self.peers[number] = self.join(self.peers[number].name)

    def say(self, number, nonces):
        """In one burst; waits until the server has read it."""
        peer = self.peers[number]
        texts = [{"type": "text", "text": "text " + nonce, "nonce": nonce} for nonce in nonces]
        peer.send(*(frame(TEXT, json.dumps(text)) for text in texts), frame(PING, b"read"))
        while True:
            opcode, payload = peer.frame()
            if opcode == PONG:
                break
            assert json.loads(payload)["type"] == "userStatus", payload  # nothing is published
        peer.times.update(nonces)
        self.said |= {(peer.name, nonce) for nonce in nonces}

    def say_at_random(self, draw):
        for _ in range(6):
            number = draw.randrange(len(self.peers))
            if draw.random() < 0.2:
                self.come_back(number)
            self.say(number, draw.choices(NONCES, k=draw.randrange(1, 12)))

    def go_on(self):
        os.unlink(self.held)

    def answers(self, peer):
        """Reads until its own last text is answered. Returns how often it got each (type, username, nonce)."""
        got, ended = collections.Counter(), False
        peer.text("end")
        while True:
            opcode, payload = peer.frame()
            if opcode == PONG:
                return got
            message = json.loads(payload)
            if message.get("content") == "end" and message["sender"] == peer.name and not ended:
                ended = True
                peer.send(frame(PING, b"end"))  # behind what the same turn of the server says again
            elif message["type"] == "message" and "nonce" in message:
                got["message", message["sender"], message["nonce"]] += 1
            elif message["type"] == "error":
                assert message["code"] == "storage_failed", message
                got["error", peer.name, message["nonce"]] += 1


@case("said again while the disk is slow: each time has its answer, and the others hear it once", server=False)
def _():
    for seed in range(SEEDS):
        talk = Talk()
        talk.say_at_random(random.Random(seed))
        talk.go_on()
        for peer in talk.peers[:2] if seed % 2 else talk.peers[1:]:
            got = talk.answers(peer)
            for name, nonce in talk.said:
                want = max(1, peer.times[nonce] if name == peer.name else 0)
                assert got.pop(("message", name, nonce)) == want, (seed, name, nonce, want, peer.times)
            assert not got, (seed, got)
        talk.server.stop()


def until_quiet(peer):
    """Nothing but userStatus comes before the answer to a ping."""
    peer.send(frame(PING, b"quiet"))
    while (got := peer.frame()) != (PONG, b"quiet"):
        assert json.loads(got[1])["type"] == "userStatus", got


@case("said again while the disk fails: each time has its error, and nobody hears it", server=False)
def _():
    for seed in range(SEEDS):
        talk = Talk(fault=errno.EIO)
        talk.say_at_random(random.Random(seed))
        open(talk.failing, "w").close()
        talk.go_on()
        for peer in talk.peers:
            want = {("error", peer.name, nonce): count for nonce, count in peer.times.items()}
            got = collections.Counter()
            while sum(got.values()) < sum(want.values()):
                error = peer.recv()
                got["error", peer.name, error.get("nonce")] += error["type"] == "error"
            assert +got == want, (seed, got)
            until_quiet(peer)
        os.unlink(talk.failing)
        talk.server.slay()


@case("said again after it was published: the first one, as often", server=False)
def _():
    for seed in range(SEEDS):
        talk, draw = Talk(), random.Random(seed)
        talk.go_on()
        alice, times = talk.peers[0], collections.Counter()
        for _ in range(4):
            nonces = draw.choices(NONCES, k=draw.randrange(1, 12))
            texts = [{"type": "text", "text": "text " + nonce, "nonce": nonce} for nonce in nonces]
            alice.send(*(frame(TEXT, json.dumps(text)) for text in texts))
            times.update(nonces)
            if draw.random() < 0.5:
                got = talk.answers(alice)
                assert got == {("message", "alice", nonce): count for nonce, count in times.items()}, (seed, got)
                times.clear()
        talk.server.stop()


if __name__ == "__main__":
    main()
