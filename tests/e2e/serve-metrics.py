"""chat-serve tells its state by /metrics, /healthz and SIGUSR1; slow readers in a crowd are among what it tells."""
import json
import os
import re
import select
import signal
import socket
import tempfile
import time

from limits_table import limits
from peer import DEADLINE, SLOWNESS, until
from serving import COUNTABLE, Server, case, main

SAMPLE = re.compile(r'^chat_[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.e+-]+$')


def monitored(*options):
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
    server = Server("--metrics", "unix:" + path, *options)
    return server, path


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(path)
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(re.search(rb"Content-Length: (\d+)", head)[1]) == len(body), head
    return int(head.split()[1]), body.decode()


def get(path, target):
    return ask(path, b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target.encode())


def metrics(path):
    """Name, labels included, to value; the text format holds."""
    status, body = get(path, "/metrics")
    assert status == 200
    values, typed = {}, set()
    for line in body.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in typed, line
            typed.add(name)
        elif not line.startswith("# HELP "):
            assert SAMPLE.match(line), line
            name, value = line.rsplit(" ", 1)
            base = re.sub(r"_(bucket|sum|count)$", "", name.split("{")[0])
            assert base in typed or name.split("{")[0] in typed, line
            assert name not in values, line
            values[name] = float(value)
    return values


@case("/metrics counts what happened", server=False)
def _():
    server, path = monitored("--grace", "0")
    alice, bob = server.join("alice"), server.join("bob", "/ops")
    second = server.join("carol")
    for peer in alice, second:
        peer.status("carol", True) if peer is alice else None
    alice.text("hi")
    for peer in alice, second:
        peer.heard("hi")
    bob.say({"type": "text"})
    bob.refused("bad_message")
    values = metrics(path)
    assert values["chat_connections"] == 3 and values["chat_connections_total"] == 3, values
    assert values["chat_channels"] == 2 and values["chat_messages_total"] == 1, values
    assert values["chat_deliveries_total"] == 2, values
    assert values['chat_errors_total{code="bad_message"}'] == 1, values
    assert values["chat_received_bytes_total"] > 0 and values["chat_sent_bytes_total"] > 0, values
    assert values["chat_queued_bytes"] == 0 and values["chat_up"] == 1, values
    assert values['chat_turn_seconds_bucket{le="+Inf"}'] == values["chat_turn_seconds_count"] > 0
    second.leave()
    until(lambda: metrics(path)["chat_connections"] == 2, "a connection less")


@case("/healthz, and what is not there", server=False)
def _():
    server, path = monitored()
    assert get(path, "/healthz") == (200, "ok\n")
    assert get(path, "/")[0] == 404
    assert ask(path, b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 405
    assert ask(path, b"garbage\r\n\r\n")[0] == 400
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(path)
        idle.sendall(b"GET /met")
        assert get(path, "/healthz")[0] == 200


# ---- who asks too much, or should not ----


def connect_to(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(DEADLINE)
    client.connect(path)
    return client


def goes_on(server, path, alice, rounds):
    """The metrics answer, and so does the chat, each within a second."""
    for _ in range(rounds):
        began = time.monotonic()
        assert get(path, "/metrics")[0] == 200
        alice.text("hi")
        alice.heard("hi")
        assert time.monotonic() - began < 1 * SLOWNESS, time.monotonic() - began


@case("a thousand idle connections to the metrics: they still answer, and the chat goes on", server=False)
@limits("connections for the metrics without a request yet, and half as many whose answer is being read")
def _():
    server, path = monitored(*COUNTABLE)
    alice, before = server.join("alice"), server.descriptors()
    for half in b"", b"GET /metrics HT", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n":
        idle = [connect_to(path) for _ in range(1000)]
        for client in idle:
            try:
                client.sendall(half)
            except (BrokenPipeError, ConnectionResetError):
                pass  # its place has gone to another
        goes_on(server, path, alice, 20)
        assert server.descriptors() <= before + 64 + 32, server.descriptors()
        for client in idle:
            client.close()
    until(lambda: server.descriptors() == before, "their places are free")


@case("a connection to the metrics ends in five seconds, whatever it is slow with", server=False)
@limits("until the request for the metrics is complete, and again until its answer is read")
def _():
    server, path = monitored(*COUNTABLE)
    before, began = server.descriptors(), time.monotonic()
    silent, half, deaf = connect_to(path), connect_to(path), connect_to(path)
    half.sendall(b"GET /metrics HT")
    deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    for number in range(40):
        half.sendall(b"P" if number == 0 else b"x")
        assert select.select([silent], [], [], 0.1)[0] == [] or number > 35, "it ends too early"
    assert silent.recv(1) == b"" and half.recv(1) == b""
    until(lambda: server.descriptors() == before, "the one that does not read ends, too")
    took = time.monotonic() - began
    assert 4.5 < took < 6 * SLOWNESS, took
    assert b" 200 " in deaf.recv(1 << 20), "what it was sent is still there"


@case("the metrics look at Host and Origin as the chat does", "--metrics", "127.0.0.1:0",
      "--host", "chat.example.com", "--origin", "https://pages.example.com")  # fmt: skip
def _(server):
    where = re.search(r"metrics on http://([0-9.]+):(\d+)/metrics", server.errors())
    for status, headers in (
        (200, "Host: localhost"),
        (200, "Host: 127.0.0.1:%s" % where[2]),
        (200, "Host: chat.example.com:80"),
        (403, "Host: rebound.example.net"),
        (403, "Host: rebound.example.net\r\nOrigin: http://rebound.example.net"),
        (403, "Host: localhost\r\nOrigin: https://other.example.net"),
        (200, "Host: localhost\r\nOrigin: https://pages.example.com"),
        (400, "Nothing: here"),
        (431, "Host: localhost\r\nMuch: " + "x" * 9000),
    ):
        for target in "/metrics", "/healthz":
            with socket.create_connection((where[1], int(where[2])), DEADLINE) as client:
                client.sendall(("GET %s HTTP/1.1\r\n%s\r\n\r\n" % (target, headers)).encode())
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
            assert int(answer.split()[1]) == status, (headers[:80], answer[:80])


@case("SIGUSR1 prints a line of JSON on stderr")
def _(server):
    server.join("alice").text("hi")
    server.signal(signal.SIGUSR1)
    until(lambda: "$metrics" in server.errors(), "the line")
    line = json.loads(next(line for line in server.errors().splitlines() if "$metrics" in line))
    assert line["connections"] == 1 and set(line["drops"]) >= {"slow_consumer"}, line
    assert line["memory"]["connections"] > 300 and line["memory"]["queues"] == 0, line


@case("fifty that never read: the others lose nothing, and memory is shared", server=False)
def _():
    server, path = monitored("--queue", "256k", "--max-message", "256k", "--grace", "0", "--ping-interval", "1h")
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    slow = [server.peer(receive_buffer=4096) for _ in range(50)]
    for number, peer in enumerate(slow):
        peer.say({"type": "init", "username": "slow%d" % number, "id": "s%d" % number,
                  "presence": "hidden"})
    until(lambda: metrics(path)["chat_connections"] == 52, "all are there")
    text = "x" * 900
    sent = 0
    while metrics(path)['chat_drops_total{reason="slow_consumer"}'] < 50:
        for _ in range(100):
            alice.text(text)
        for peer in alice, bob:
            for _ in range(100):
                peer.heard(text)
        sent += 100
        # fifty queues of the same messages: what they hold is held once
        with open("/proc/%d/statm" % server.pid) as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        assert resident < 300e6, resident
        assert sent < 100000, "nobody was dropped"
    assert metrics(path)["chat_messages_total"] == sent


if __name__ == "__main__":
    main()
