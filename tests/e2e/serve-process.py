"""chat-serve as a process: its descriptors, sockets, signals and exit status are as the manual says."""
import fcntl
import json
import os
import resource
import select
import signal
import socket
import subprocess
import tempfile
import time

from limits_table import limits
from peer import CLOSE, DEADLINE, SLOWNESS, TEXT, Peer, connect, frame, request, until
from serving import CHAT_SERVE, Server, begins, case, main

HI = frame(TEXT, b'{"type":"text","text":"hi"}')
DIR = os.environ["TMP"]


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


# ---- stdin ----


def lines_of(server, peer, count):
    return [peer.recv("message")["content"] for _ in range(count)]


@case("--stdin: a pipe's lines are posted as the server's own user, as they come", server=False)
def _():
    server = Server("--stdin", stdin=subprocess.PIPE)
    stdin = server.process.stdin
    alice, ops = server.join("alice"), server.join("alice", "/ops")
    assert [user["username"] for user in alice.user_data["users"]] == ["alice"]
    stdin.write(b'{"type":"text","text":"one","nonce":"n"}\r\n')
    stdin.flush()
    message = alice.heard("one")
    assert (message["sender"], message["senderId"]) == ("server", "server"), message
    stdin.write(b'{"type":"text","text":"two","channel":"/ops"}\n\n  \n' + json.dumps(
        file_message(300000)).encode() + b'\n{"type":"text","text":"no newline"}')  # fmt: skip
    stdin.close()
    assert ops.heard("two")["channel"] == "/ops"
    alice.heard("f"), alice.heard("no newline")
    alice.text("its end ends nothing")
    alice.heard("its end ends nothing")
    for username, id, code in ("server", "x", "username_taken"), ("xyz", "server", "id_taken"):
        peer = server.peer()
        peer.say({"type": "init", "username": username, "id": id})
        peer.refused(code)
    server.stop()


@case("without --stdin nobody reads it, and `server` is a name like others", server=False)
def _():
    server = Server(stdin=subprocess.PIPE)
    server.process.stdin.write(b'{"type":"text","text":"one"}\n')
    server.process.stdin.close()
    peer = server.join("server", id="server")
    peer.text("hi")
    peer.heard("hi")
    server.stop()


@case("--stdin: bad lines are named by number and the others still go", server=False)
def _():
    server = Server("--stdin", stdin=subprocess.PIPE)
    stdin = server.process.stdin
    alice = server.join("alice")
    for line in (
        b"nonsense",
        b'{"type":"text","text":""}',
        b'{"type":"text","text":"good"}',
        b'{"type":"text","text":"\xff"}',
        b'{"type":"init","username":"abc","id":"x"}',
        b'{"type":"message"}',
        b'{"type":"text","text":"x","channel":"no slash"}',
        b'{"type":"text","text":"x","channel":"/' + b"a" * 65 + b'"}',
        b'{"type":"text","text":"' + b"x" * (1 << 20) + b'"}',
        b'{"type":"text","text":"end"}',
    ):
        stdin.write(line + b"\n")
    stdin.close()
    alice.heard("good"), alice.heard("end")
    server.stop()
    said = [line.split(":") for line in server.errors().splitlines()]
    numbers = [words[2] for words in said if words[1] == " stdin"]
    assert numbers == [str(number) for number in (1, 2, 4, 5, 6, 7, 8, 9)], server.errors()


@case("--stdin from a file, from /dev/null, closed", server=False)
def _():
    with tempfile.TemporaryFile(dir=DIR) as file:
        for number in range(3000):
            file.write(b'{"type":"text","text":"line %d"}\n' % number)
        file.seek(0)
        server = Server("--stdin", stdin=file)
    until(lambda: len(server.events()) >= 3000, "all of the file is posted")
    contents = [event["content"] for event in server.events()]
    assert contents == ["line %d" % number for number in range(3000)]
    assert len(server.join("alice").history["messages"]) == 50
    server.stop()
    for start in {"stdin": subprocess.DEVNULL}, {"preexec_fn": lambda: os.close(0)}:
        server = Server("--stdin", **start)
        server.join("alice").quiet()
        server.stop()


@case("--stdin: a whole line of another's is not waited for", server=False)
def _():
    server = Server("--stdin", stdin=subprocess.PIPE)
    stdin = server.process.stdin
    alice = server.join("alice")
    for byte in b'{"type":"text","text":"slow"}\n':
        stdin.write(bytes([byte]))
        stdin.flush()
        alice.quiet() if byte != 10 else alice.heard("slow")
    stdin.close()
    server.stop()


# ---- listening ----


@case("the URL file is there whole, and gone at the end")
def _(server):
    with open(server.url_path) as file:
        text = file.read()
    assert text == server.url + "\n" and server.url.startswith("ws://127.0.0.1:"), text
    assert server.url in server.errors(), server.errors()
    assert "--listen" in server.errors(), "it says how to be reached from elsewhere"


@case("IPv6", listen="[::1]:0")
def _(server):
    assert server.url.startswith("ws://[::1]:"), server.url
    server.join("alice").quiet()


@case("a name that has several addresses: one port on all of them", listen="localhost:0")
def _(server):
    port = server.url.rsplit(":", 1)[1].strip("/")
    server.join("alice").quiet()
    assert "listening on ws://127.0.0.1:%s/" % port in server.errors(), server.errors()


@case("every address, v4 and v6", "--open", listen=":0")
def _(server):
    port = server.url.rsplit(":", 1)[1].strip("/")
    alice = server.join("alice", url="ws://127.0.0.1:%s/" % port)
    server.join("bob", url="ws://[::1]:%s/" % port)
    alice.status("bob", True)
    assert "only this machine" not in server.errors(), server.errors()


@case("several listeners are one server", "--listen", "[::1]:0", "--listen", "unix:%s/many" % DIR)
def _(server):
    urls = [line.split(" ")[-1] for line in server.errors().split("\n") if "listening on" in line]
    assert len(urls) == 3 and server.url == urls[0], (urls, server.url)
    peers = [server.join("user%d" % number, url=url) for number, url in enumerate(urls)]
    peers[0].text("hi")
    for number, peer in enumerate(peers):
        for later in range(number + 1, 3):
            peer.status("user%d" % later, True)
        peer.heard("hi")


@case("a unix socket: made, used, removed; one left behind is replaced, a file is not", server=False)
def _():
    path = os.path.join(DIR, "left")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    server = Server(listen="unix:" + path)
    assert server.url == "unix:" + path, server.url
    server.join("alice").quiet()
    status, error = start("--listen", "unix:" + path)
    assert status == 69 and "in use" in error, (status, error)
    server.join("bob").quiet()
    server.stop()
    assert not os.path.exists(path)
    with open(path, "w") as file:
        file.write("precious")
    status, error = start("--listen", "unix:" + path)
    assert status == 69 and "in use" in error, (status, error)
    assert open(path).read() == "precious"


def start(*options):
    """Exit status and stderr of a chat-serve that does not start."""
    process = subprocess.Popen(
        [CHAT_SERVE, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    assert out == b"", out
    return process.returncode, err.decode()


@case("what cannot be listened on: exit status and one line")
def _(server):
    address = server.url[len("ws://") :].rstrip("/")
    for status, lines, options in (
        (69, 1, ["--listen", address]),
        (69, 1, ["--listen", "192.0.2.1:0"]),
        (69, 1, ["--listen", "no.such.host.invalid:0"]),
        (69, 1, ["--listen", "127.0.0.1:0", "--listen", address]),
        (69, 1, ["--listen", "unix:/no/such/folder/socket"]),
        (64, 2, ["--listen", "unix:" + "x" * 200]),
        (64, 2, ["--listen", "unix:"]),
        (64, 2, ["--listen", "127.0.0.1"]),
        (64, 2, ["--listen", "127.0.0.1:x"]),
        (64, 2, ["--listen", "127.0.0.1:65536"]),
        (64, 2, ["--listen", "127.0.0.1:99999999999999999999"]),
        (64, 2, ["--listen", "::1:0"]),
        (64, 2, ["--listen", "[::1:0"]),
        (64, 2, ["--listen", "[:0"]),
        (64, 2, ["operand"]),
        (64, 2, ["--max-message", "1"]),
        (64, 2, ["--history", "-1"]),
        (64, 2, ["--no-such-option"]),
        (73, 1, ["--listen", "127.0.0.1:0", "--url-file", "/no/such/folder/url"]),
        (73, 1, ["--listen", "127.0.0.1:0", "--url-file", "/dev/null"]),
    ):
        got, error = start(*options)
        assert got == status, "%d expected, got %d for %r: %s" % (status, got, options, error)
        assert error.count("\n") == lines and error.startswith("chat-serve: "), (options, error)


@case("sockets of a service manager (LISTEN_FDS) are served, and no others", server=False)
def _():
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    url_path = os.path.join(DIR, "activated")
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind("\0chat-test-%d" % os.getpid())
    ready.settimeout(DEADLINE)

    def hand_over():
        held = [os.dup(listener.fileno()) for listener in listeners]
        for number, fd in enumerate(held):
            os.dup2(fd, 3 + number)

    script = 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$0" "$@"'
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, CHAT_SERVE, "--url-file", url_path],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "NOTIFY_SOCKET": "@chat-test-%d" % os.getpid()},
        preexec_fn=hand_over, close_fds=False,
    )  # fmt: skip
    try:
        assert ready.recv(100) == b"READY=1"
        urls = ["ws://127.0.0.1:%d/" % listener.getsockname()[1] for listener in listeners]
        assert open(url_path).read().strip() == urls[0]
        first, second = Peer(urls[0]), Peer(urls[1])
        first.init("alice"), second.init("bob")
        first.status("bob", True)
        process.terminate()
        assert ready.recv(100) == b"STOPPING=1"
        for peer in first, second:
            peer.refused("shutting_down", fatal=True)
            peer.closes(1001)
        error = process.communicate(timeout=DEADLINE)[1]
        assert process.returncode == 0, error
    finally:
        process.kill()
        process.wait()


@case("a service manager hears that the loop turns (WATCHDOG_USEC), and of a reload", server=False)
def _():
    server = Server(env={"WATCHDOG_USEC": "100000"})
    server.state.settimeout(DEADLINE)
    assert [server.state.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    server.signal(signal.SIGHUP)
    heard = []
    while b"RELOADING=1" not in heard or heard[-1] != b"READY=1":
        heard.append(server.state.recv(100))
    server.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, server.pid, os.WSTOPPED)
    server.state.setblocking(False)
    for _ in iter(lambda: select.select([server.state], [], [], 0)[0], []):
        server.state.recv(100)
    assert not select.select([server.state], [], [], 0.3)[0], "a stuck server says that it is well"
    server.signal(signal.SIGCONT)
    server.stop()
    server = Server(env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    assert not select.select([server.state], [], [], 0.3)[0], "a watchdog of another process"
    server.stop()


@case("LISTEN_FDS meant for another process is not ours", server=False)
def _():
    server = Server(env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    server.join("alice").quiet()
    server.stop()


# ---- the end ----


@case("SIGTERM and SIGINT: shutting_down, Close 1001, exit status 0", server=False)
def _():
    for number in signal.SIGTERM, signal.SIGINT:
        server = Server()
        joined, waiting, connected = server.join("alice"), server.peer(), server.peer(upgrade=False)
        joined.send(HI)
        joined.heard("hi")
        server.signal(number)
        for peer in joined, waiting:
            error = peer.refused("shutting_down", fatal=True)
            assert error["message"], error
            peer.closes(1001)
        connected.ended()
        assert server.wait() == 0
        assert server.state.recv(100) == b"STOPPING=1"
        assert len(server.events()) >= 2
        server.stop()


@case("what was said before the signal still goes to everybody", server=False)
def _():
    server = Server()
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    server.signal(signal.SIGSTOP)
    alice.send(HI * 10)
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    for peer in alice, bob:
        kinds = []
        while (kind := peer.frame())[0] == TEXT:
            kinds.append(json.loads(kind[1])["type"])
        assert kinds.count("error") == 1 and kinds.count("message") in (0, 10), kinds
        peer.send(frame(CLOSE, kind[1]))
        peer.ended()
    assert server.wait() == 0
    messages = [event for event in server.events() if event["type"] == "message"]
    assert len(messages) == kinds.count("message"), (len(messages), kinds)
    server.stop()


@case("the end comes within 5 s though a peer never answers", server=False)
def _():
    server = Server()
    mute, deaf = server.join("alice"), server.peer(receive_buffer=4096)
    deaf.init("bob")
    began = time.monotonic()
    server.signal(signal.SIGTERM)
    mute.recv("userStatus")
    mute.refused("shutting_down", fatal=True)
    assert mute.frame()[0] == CLOSE
    mute.send(HI)
    assert server.wait() == 0
    assert time.monotonic() - began < 6 * SLOWNESS, time.monotonic() - began
    server.stop()


@case("a second signal ends it at once", "--close-timeout", "1h")
def _(server):
    mute = server.join("alice")
    server.signal(signal.SIGTERM)
    mute.refused("shutting_down")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert mute.frame()[0] == CLOSE
    mute.ended()


@case("while it ends nobody gets in", "--close-timeout", "1h")
def _(server):
    mute = server.join("alice")
    server.signal(signal.SIGTERM)
    mute.refused("shutting_down")
    late = connect(server.url)
    late.sendall(request())
    mute.closes(1001)
    assert server.wait() == 0
    try:
        assert late.recv(100) == b""
    except ConnectionResetError:
        pass
    late.close()


@case("--verbose says on stderr who is refused, without a control character", "--verbose")
def _(server):
    alice = server.join("alice")
    alice.say(b'{"type":"text","text":5,"\\u001b[31m":"\xc2\x9b31m"}')
    alice.refused("bad_message")
    alice.send(frame(TEXT, b"\xff"))
    alice.refused("bad_utf8")
    errors = server.errors()
    assert "bad_message" in errors and "bad_utf8" in errors, errors
    assert all(c == "\n" or c.isprintable() for c in errors), errors


if __name__ == "__main__":
    main()
