"""How chat-serve says how it is doing: /metrics, /healthz, SIGUSR1; and slow readers in a crowd."""
import json
import os
import re
import signal
import socket
import tempfile

from peer import DEADLINE, until
from serving import Server, case, main

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
    server, path = monitored("--queue", "256k", "--grace", "0", "--ping-interval", "1h")
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
