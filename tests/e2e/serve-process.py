"""chat-serve as a process: its sockets, its input, signals and exit status are as the manual says."""
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time

from peer import CLOSE, DEADLINE, SLOWNESS, TEXT, Peer, connect, frame, request, until
from serving import CHAT_SERVE, Server, case, main, needs_ipv6

HI = frame(TEXT, b'{"type":"text","text":"hi"}')
DIR = os.environ["TMP"]


def file_message(size, name="f"):
    file = {"name": name, "type": "t", "size": size, "data": "A" * size}
    return {"type": "file", "file": file}


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


@case("IPv6", server=False)
def _():
    needs_ipv6()
    server = Server(listen="[::1]:0")
    assert server.url.startswith("ws://[::1]:"), server.url
    server.join("alice").quiet()
    server.stop()


@case("a name that has several addresses: one port on all of them", listen="localhost:0")
def _(server):
    port = server.url.rsplit(":", 1)[1].strip("/")
    server.join("alice").quiet()
    assert "listening on ws://127.0.0.1:%s/" % port in server.errors(), server.errors()


@case("every address, v4 and v6", server=False)
def _():
    needs_ipv6()
    server = Server("--open", listen=":0")
    port = server.url.rsplit(":", 1)[1].strip("/")
    alice = server.join("alice", url="ws://127.0.0.1:%s/" % port)
    server.join("bob", url="ws://[::1]:%s/" % port)
    alice.status("bob", True)
    assert "only this machine" not in server.errors(), server.errors()
    server.stop()


@case("several listeners are one server", "--listen", "127.0.0.2:0", "--listen", "unix:%s/many" % DIR)
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


@case("a service manager that is busy at first hears all the same that the server is ready", server=False)
def _():
    directory = tempfile.mkdtemp(dir=os.environ["TMP"])
    url_path, ready_path = os.path.join(directory, "url"), os.path.join(directory, "ready")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        ready.bind(ready_path)
        ready.settimeout(DEADLINE)
        other.setblocking(False)
        try:
            while True:
                other.sendto(b"other", ready_path)
        except BlockingIOError:
            pass
        process = subprocess.Popen(
            [CHAT_SERVE, "--listen", "127.0.0.1:0", "--url-file", url_path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": ready_path},
        )  # fmt: skip
        try:
            until(lambda: os.path.exists(url_path), "it listens")
            Peer(open(url_path).read().strip()).init("alice")  # the loop turns, so the state was sent
            told = b"other"
            while told == b"other":
                told = ready.recv(100)
            assert told == b"READY=1", told
            process.terminate()
            assert process.wait(DEADLINE) == 0
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
