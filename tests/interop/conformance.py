"""Runs the rules of tests/helpers/framing.py on a program that echoes text messages, and prints TAP.

	conformance.py server URL         tests a server; each example has a connection of its own
	conformance.py client COMMAND…    tests a client; it runs COMMAND URL as Autobahn's fuzzing server would
	                                  (/getCaseCount, /runCase, /updateReports)

With --binary as the first argument the program echoes binary messages, too; then only the rules for these are run, all of
them with CHAT_TEST_FULL=1. Each example is sent whole and byte by byte.
"""
import os
import re
import socket
import subprocess
import sys

import framing
from peer import BINARY, CLOSE, DEADLINE, PING, PONG, TEXT, Peer, accept_of, frame

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
BINARY_TOO = sys.argv[1:2] == ["--binary"]
LONG = "a message of 40 MiB"
BIG = 40 << 20  # bytes; within what the testees take


def runs():
    """(rule, pieces, wanted, byte by byte)."""
    rules = framing.RULES
    if BINARY_TOO:
        rules = [rule for rule in rules if FULL and rule is not framing.REFUSED_BINARY] + framing.TAKEN_BINARY
    for section, title, examples in rules:
        for pieces, wanted in examples:
            for dripped in False, True:
                yield "%s: %s" % (section, title), pieces, wanted, dripped


def send(peer, stream, dripped):
    """A testee that has failed the connection may have left before all of it is sent."""
    try:
        if dripped:
            peer.drip(stream)
        else:
            peer.send(stream)
    except (BrokenPipeError, ConnectionResetError):
        pass


def answers(peer, wanted):
    """All that comes until the end; whether a Close tells a fault, its code alone says."""
    seen = []
    while not seen or seen[-1][0] not in ("close", "fault"):
        opcode, payload = peer.frame()
        if opcode == CLOSE:
            payload[2:].decode()
            seen.append((wanted[-1][0], framing.code_of(payload)))
        else:
            seen.append(({TEXT: "text", BINARY: "binary", PONG: "pong", PING: "ping"}[opcode], payload))
    peer.ended()
    return framing.split(seen)


def echoes_long(peer, masked):
    """A message that no buffer holds; what is amiss with it."""
    text = b"a" * BIG
    peer.send(frame(TEXT, text, masked=masked))
    return [] if peer.frame() == (TEXT, text) else ["it came back as another"]


def judge(rule, stream, got, wanted):
    wanted = framing.split(wanted)
    if got == wanted:
        return []
    return ["%s: %r: got %.300r, want %.300r" % (rule, stream[:80], got, wanted)]


def report(results):
    """One test for each rule."""
    failed = False
    for number, (rule, flaws) in enumerate(results.items(), 1):
        print("%sok %d - %s" % ("not " if flaws else "", number, rule))
        for flaw in flaws:
            print("# " + flaw)
        failed = failed or bool(flaws)
    print("1..%d" % len(results))
    sys.exit(failed)


# ---- servers ----


def test_server(url):
    results = {}
    for rule, pieces, wanted, dripped in runs():
        stream = framing.encoded(pieces, masked=True)
        peer = Peer(url)
        send(peer, stream, dripped)
        results.setdefault(rule, []).extend(judge(rule, stream, answers(peer, wanted), wanted))
    peer = Peer(url)
    results[LONG] = echoes_long(peer, True)
    peer.leave()
    report(results)


# ---- clients ----


class Accepted(Peer):
    """The connection of a client under test, which was accepted."""

    masked = True

    def __init__(self, sock):
        sock.settimeout(DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.got, self.torn = sock, bytearray(), False
        while b"\r\n\r\n" not in self.got:
            assert self.more(), "no request"
        head = self.take(self.got.index(b"\r\n\r\n") + 4).decode()
        self.target = head.split(" ")[1]
        self.key = re.search(r"(?im)^Sec-WebSocket-Key: *(\S+)", head)[1]

    def accept(self, *more):
        self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_of(self.key).encode() + b"\r\n\r\n",
            *more,
        )

    def leave(self):
        self.send(frame(CLOSE, b"\x03\xe8", masked=False))
        assert self.frame() == (CLOSE, b"\x03\xe8")
        self.ended()


def run_case(accepted, rule, pieces, wanted, dripped):
    stream = framing.encoded(pieces, masked=False)
    accepted.accept(*([] if dripped else [stream]))  # whole: in one segment with the handshake
    if dripped:
        send(accepted, stream, True)
    return judge(rule, stream, answers(accepted, wanted), wanted)


def test_client(command):
    cases = list(runs())
    results = {}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        url = "ws://127.0.0.1:%d/" % listener.getsockname()[1]
        client = subprocess.Popen([*command, url], stdout=subprocess.DEVNULL)
        while True:
            accepted = Accepted(listener.accept()[0])
            number = re.search(r"^/runCase\?case=(\d+)&", accepted.target)
            if number and int(number[1]) <= len(cases):
                case = cases[int(number[1]) - 1]
                results.setdefault(case[0], []).extend(run_case(accepted, *case))
                continue
            accepted.accept()
            if number:
                results[LONG] = echoes_long(accepted, False)
            elif accepted.target.startswith("/getCaseCount"):
                accepted.send(frame(TEXT, b"%d" % (len(cases) + 1), masked=False))
            accepted.leave()
            if accepted.target.startswith("/updateReports?"):
                break
    results["every rule was run, and the testee ended well"] = [
        flaw for flaw in [client.wait(DEADLINE)] if flaw
    ] + sorted({LONG, *(case[0] for case in cases)} - set(results))
    report(results)


if __name__ == "__main__":
    role, *words = sys.argv[1 + BINARY_TOO :]
    test_server(*words) if role == "server" else test_client(words)
