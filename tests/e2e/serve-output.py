"""chat-serve prints its events on stdout and its errors on stderr, and a reader that is slow or gone never stops the chat."""
import fcntl
import json
import os
import resource
import select
import signal
import socket
import subprocess
import tempfile

from limits_table import limits
from peer import DEADLINE, TEXT, frame, until
from serving import Server, begins, case, main

HI = frame(TEXT, b'{"type":"text","text":"hi"}')


def file_message(size, name="f"):
    file = {"name": name, "type": "t", "size": size, "data": "A" * size}
    return {"type": "file", "file": file}


def read_line(fd, rest):
    """The next line of a descriptor; rest keeps what came behind it."""
    while b"\n" not in rest:
        assert select.select([fd], [], [], DEADLINE)[0], "no line comes"
        piece = os.read(fd, 65536)
        assert piece, "the end, after %r" % bytes(rest)
        rest += piece
    line, _, behind = bytes(rest).partition(b"\n")
    rest[:] = behind
    return json.loads(line)


def first_line(fd, rest):
    """The one behind that with which a server begins."""
    assert begins(read_line(fd, rest))
    return read_line(fd, rest)


def blocking(fd):
    return not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK


# ---- stdout ----


@case("stdout: every event of every channel as a line, at once", server=False)
def _():
    out, write = os.pipe()
    server = Server(stdout=write)
    os.close(write)
    rest = bytearray()
    alice = server.join("alice")
    assert first_line(out, rest)["username"] == "alice"
    bob = server.join("bob", "/ops")
    status = read_line(out, rest)
    assert (status["type"], status["channel"], status["online"]) == ("userStatus", "/ops", True)
    alice.text("one")
    message = read_line(out, rest)
    assert message == alice.heard("one") and message["channel"] == "/", message
    bob.say(file_message(100000))
    assert read_line(out, rest) == bob.heard("f")
    server.stop()
    os.close(out)


@case("--quiet prints nothing", "--quiet")
def _(server):
    alice = server.join("alice")
    alice.text("hi")
    alice.heard("hi")
    assert server.events() == []


@case("a stalled reader of stdout never stalls the chat; what it misses is said", server=False)
@limits("events that wait for the reader of standard output")
def _():
    out, write = os.pipe()
    server = Server(stdout=write)
    os.close(write)
    alice = server.join("alice")
    for number in range(200):
        alice.say(file_message(100000, "f%d" % number))
        alice.heard("f%d" % number)
    rest = bytearray()
    assert first_line(out, rest)["type"] == "userStatus"
    seen, gaps = [], 0
    while not seen or seen[-1] != "end":
        line = read_line(out, rest)
        if line["type"] == "userData":  # who is there is not known behind what was dropped
            assert line == {"type": "userData", "users": [], "truncated": True} and not gaps, line
            gaps += 1
            continue
        seen.append(line["content"])
        if "events were not printed" in server.errors() and seen[-1] != "end":
            alice.text("end")
            alice.heard("end")
    numbers = [int(name[1:]) for name in seen[:-1]]
    assert numbers == list(range(len(numbers))), "whole lines, in order, up to where it was full"
    assert 20 < len(numbers) < 200 and gaps == 1, (len(numbers), gaps)
    said = server.errors().split("no room: ")[1].split(" ")[0]
    assert int(said) == 200 - len(numbers), (said, len(numbers))
    server.stop()
    os.close(out)


@case("a reader of stdout that is always a little behind misses nothing", server=False)
def _():
    out, write = os.pipe()
    server = Server(stdout=write)
    os.close(write)
    alice = server.join("alice")
    size, ahead, got = 100000, 10, 0
    for number in range(200):
        alice.say(file_message(size))
        alice.heard("f")
        while got < (number - ahead) * size:
            got += len(os.read(out, 65536))
    assert "not printed" not in server.errors(), server.errors()
    lines = 0
    while got < 200 * size:
        got += len(os.read(out, 65536))
    server.stop()
    os.close(out)


@case("an event of any size is on stdout, in a file and for a reader that reads", server=False)
def _():
    file = {"name": "f", "type": "t", "size": 6 << 20, "data": "AAAA" * (2 << 20)}
    with tempfile.TemporaryFile() as log:
        server = Server("--max-message", "9M", "--queue", "20M", stdout=log)
        alice = server.join("alice")
        for _ in range(3):
            alice.say({"type": "file", "file": file})
            assert alice.recv("message")["file"] == file
        server.stop()
        log.seek(0)
        events = [json.loads(line) for line in log]
        assert [event.get("file") == file for event in events if event["type"] == "message"] == [True] * 3
    read, write = os.pipe()
    server = Server("--max-message", "9M", "--queue", "20M", stdout=write)
    os.close(write)
    alice = server.join("alice")
    with open(read, "rb") as reader:
        assert begins(json.loads(reader.readline())) and reader.readline()
        for _ in range(3):
            alice.say({"type": "file", "file": file})
            assert json.loads(reader.readline())["file"] == file
            alice.recv("message")
        server.stop()


@case("a reader of stdout that goes away does not end the chat, whatever was half written", server=False)
def _():
    for taken in 0, 100, 70000:
        out, write = os.pipe()
        server = Server(stdout=write)
        os.close(write)
        alice = server.join("alice")
        for _ in range(3):
            alice.say(file_message(100000))
            alice.heard("f")
        while taken > 0:
            taken -= len(os.read(out, taken))
        alice.quiet()
        os.close(out)
        for number in range(3):
            alice.text("text %d" % number)
            alice.heard("text %d" % number)
        until(lambda: "stdout: Broken pipe" in server.errors(), "it is said")
        assert server.errors().count("stdout:") == 1, server.errors()
        server.stop()


@case("chat-serve | head -1 goes on serving", server=False)
def _():
    out, write = os.pipe()
    head = subprocess.Popen(["head", "-1"], stdin=out, stdout=subprocess.PIPE)
    server = Server(stdout=write)
    os.close(out), os.close(write)
    alice = server.join("alice")
    assert begins(json.loads(head.communicate(timeout=DEADLINE)[0]))
    alice.send(HI * 3)
    for _ in range(3):
        alice.heard("hi")
    server.stop()


@case("stdout full or closed: the chat goes on, and it is said once", server=False)
def _():
    with open("/dev/full", "wb") as stdout:
        server = Server(stdout=stdout)
    alice = server.join("alice")
    alice.send(HI * 3)
    for _ in range(3):
        alice.heard("hi")
    until(lambda: "No space left" in server.errors(), "it is said")
    assert server.errors().count("stdout") == 1, server.errors()
    server.stop()
    server = Server(preexec_fn=lambda: os.close(1))
    alice = server.join("alice")
    alice.text("hi")
    alice.heard("hi")
    server.stop()


@case("a file on stdout that has no room for a while: the chat goes on, and so does the file", server=False)
def _():
    infinite = resource.RLIM_INFINITY
    server = Server(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, infinite)))
    alice = server.join("alice")
    for number in range(200):
        alice.text("x" * 900 + str(number))
        alice.heard("x" * 900 + str(number))
    assert len(server.events()) < 30, len(server.events())
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (infinite, infinite))
    events = server.until_events(201)
    assert [event["content"][900:] for event in events[1:]] == [str(number) for number in range(200)]
    assert server.errors().count("stdout: File too large; its lines wait for room") == 1, server.errors()


# ---- stderr ----


def in_vain(server, peer, count):
    """Bad messages: with -v each is a line on stderr."""
    for _ in range(count):
        peer.say(b"x")
        peer.refused("bad_json")
    server.verbose = False  # serving.py looks for these words where stderr is a file


@case("a full stderr stops nothing; what is not said is counted, once, when there is room", server=False)
@limits("bytes that wait for the reader of standard error", also={"bad_json"})
def _():
    err, write = os.pipe()
    server = Server("-v", "--max-errors", "1000000", stderr=write)
    os.close(write)
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    in_vain(server, alice, 10000)
    server.signal(signal.SIGUSR1)
    for peer in alice, bob:
        peer.text("still here")
        for one in alice, bob:
            one.heard("still here")
    text = b""
    while b"lines were not written\n" not in text:
        assert select.select([err], [], [], DEADLINE)[0], "no number is said: %r" % text[-300:]
        text += os.read(err, 1 << 20)
    lines = text.decode().splitlines()
    said = [line for line in lines if "bad_json" in line]
    assert all(line.startswith("chat-serve: ") for line in lines), "whole lines"
    assert 1000 < len(said) < 10000, len(said)
    missing = [int(line.split("no room: ")[1].split(" ")[0]) for line in lines if "no room" in line]
    assert missing == [10000 - len(said) + 1], (missing, len(said))  # the numbers of SIGUSR1 are one, too
    in_vain(server, bob, 1)
    assert select.select([err], [], [], DEADLINE)[0]
    assert b"bad_json" in os.read(err, 1 << 16), "and it goes on"
    server.stop()
    os.close(err)


@case("a stderr whose reader has gone, or that is full for ever, stops nothing", server=False)
def _():
    err, write = os.pipe()
    with open("/dev/full", "wb") as full:
        for descriptor in write, full.fileno():
            server = Server("-v", "--max-errors", "1000000", stderr=descriptor)
            if descriptor == write:
                os.close(write)
                os.close(err)
            alice = server.join("alice")
            in_vain(server, alice, 1000)
            server.signal(signal.SIGUSR1)
            alice.quiet()
            server.stop()


@case("stdout may be a socket, and others' descriptors stay blocking", server=False)
def _():
    ours, theirs = socket.socketpair()
    out, write = os.pipe()
    inner, outer = os.pipe()
    for descriptor, reader in (theirs.fileno(), ours.fileno()), (write, out):
        server = Server("--stdin", stdin=inner, stdout=descriptor)
        alice = server.join("alice")
        rest = bytearray()
        assert first_line(reader, rest)["username"] == "alice"
        for fd in descriptor, inner:
            assert blocking(fd), "O_NONBLOCK is shared with whoever has the same open file"
        os.write(outer, b'{"type":"text","text":"still read"}\n')
        alice.heard("still read")
        server.stop()


if __name__ == "__main__":
    main()
