"""An honest newcomer during the attacks of serve-adversaries.py. Usage: witness.py SURROUNDINGS, which is a JSON
file. The program prints a line when it begins, ends when its stdin does, and then prints as JSON what it has seen.

It joins the channels of the honest users one after the other, as a new user and as one who was there before, opens
new channels, and samples the memory of the server.
"""
import json
import os
import re
import select
import signal
import socket
import sys
import time

import adversary
from peer import DEADLINE, Peer

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") >> 10


def resident_kib(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * PAGE_KIB


class Witness:
    def __init__(self, path):
        self.here = adversary.Surroundings(path)
        self.errors = self.here.errors and open(self.here.errors, "rb")
        self.counted_before = 0  # KiB
        self.seen = {"arrivals_ms": [], "problems": [], "samples": []}
        self.last = {}  # of a channel: the messages that the history ended with

    # ---- memory ----

    def counted(self):
        """KiB that the server says it holds."""
        kinds = self.reported() if self.errors else self.monitored()
        assert kinds, "it does not say what it holds"
        return sum(kinds) >> 10

    def monitored(self):
        """By /metrics."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(self.here.monitor)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        return [int(bytes) for bytes in re.findall(rb"^chat_memory_bytes\{.*\} (\d+)$", answer, re.M)]

    def reported(self):
        """By SIGUSR1."""
        os.kill(self.here.pid, signal.SIGUSR1)
        line = b""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            piece = self.errors.readline()
            line += piece
            if line.startswith(b'{"type":"$metrics"') and line.endswith(b"\n"):
                return json.loads(line)["memory"].values()
            if line.endswith(b"\n"):
                line = b""
            if not piece:
                select.select([], [], [], 0.005)
        raise AssertionError("no numbers after SIGUSR1")

    def sample(self):
        """Resident KiB, and counted KiB: the more of before and after."""
        before = self.counted_before
        resident = resident_kib(self.here.pid)
        self.counted_before = self.counted()
        self.seen["samples"].append((resident, max(before, self.counted_before)))

    # ---- those who come ----

    def enter(self, number, path, **init):
        """A peer that has joined, and its history."""
        name = "guest%d" % (number % 5)
        proxied = number % 2
        headers = ["X-Forwarded-For: 192.0.2.%d" % (number % 5)]
        more = {"source": adversary.PROXY, "headers": headers} if proxied else {}
        token = {"token": self.here.tokens[name]} if self.here.tokens else {}
        start = time.monotonic()
        peer = Peer(self.here.url, path, **more)
        users, history = peer.init(name, presence="hidden", **token, **init)
        peer.me = users["server"]["you"]["id"]
        self.seen["arrivals_ms"].append((time.monotonic() - start) * 1000)
        return peer, history

    def come(self, number, path, **init):
        """All of the history that it is told when it joins."""
        peer, history = self.enter(number, path, **init)
        messages = history["messages"]
        page = history
        while page.get("more"):
            page = peer.recv("history")
            messages += page["messages"]
        if "since" in init:
            assert history["complete"] is True, "%s: a gap after %s" % (path, init["since"])
        peer.close()
        return messages

    def look(self, path, messages):
        """All are of the honest, in order, each once."""
        ids = [message["id"] for message in messages]
        assert ids == sorted(set(ids)), "%s: in no order: %r" % (path, ids)
        said = {}
        for message in messages:
            assert message["sender"].startswith("honest"), "%s: %.300r" % (path, message)
            name, number = message["content"].split(" ")[:2]
            number = int(number)
            assert message["sender"] == name and number == said.get(name, number), "%s: %.300r" % (path, message)
            said[name] = number + 1
        return said

    def visit(self, number):
        channels = self.here.channels[1:]  # where no attacker is
        path = channels[number // 2 % len(channels)]
        if path not in self.last or number % 2:
            messages = self.come(number, path)
            assert len(messages) == 50, "%s: a history of %d" % (path, len(messages))
            self.look(path, messages)
        else:
            messages = self.come(number, path, since=self.last[path][-1]["id"])
            self.look(path, self.last[path] + messages)
        self.last[path] = messages or self.last[path]
        self.come(number, "/new-%d" % number)

    def speak(self, number):
        """The message of its id with its nonce is its own, whatever others say."""
        peer, _ = self.enter(number, self.here.lounge)
        peer.text("hello %d" % number, nonce="n-%d" % number)
        while (message := peer.recv()).get("senderId") != peer.me or message["nonce"] != "n-%d" % number:
            assert message["type"] != "error", message
        assert message["content"] == "hello %d" % number, "%.300r is not what was said" % message
        peer.close()

    def watch(self):
        self.sample()
        print("begun", flush=True)
        number = 0
        while not select.select([sys.stdin], [], [], 0.15)[0]:
            try:
                self.sample()
                self.visit(number)
                self.speak(number)
            except (AssertionError, OSError, EOFError) as problem:
                self.seen["problems"].append("%s: %s" % (type(problem).__name__, problem))
            number += 1
        print(json.dumps(self.seen))


if __name__ == "__main__":
    Witness(sys.argv[1]).watch()
