"""chat-serve answers request heads, frames and their faults as it should, however the bytes are cut.

The rules of RFC 6455 for frames are in framing.py, each with examples; each rule is a case here. What only chat-serve
has (init, its limits, the error before a Close) has cases of its own.
"""
import json
import os
import ssl
import struct

import framing
from limits_table import limits
from peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, request
from serving import case, main

INIT = b'{"type":"init","username":"alice","id":"a"}'
HI = b'{"type":"text","text":"hi"}'


# ---- the opening handshake ----


def answer(server, head):
    peer = server.peer(upgrade=False)
    peer.send(head)
    status, fields, body = peer.response()
    if status != 101:
        assert fields["connection"] == "close" and body.endswith(b"\n"), (fields, body)
        peer.ended()
    return status, fields


@case("what is refused before the upgrade, and with which status")
def _(server):
    for status, head in (
        (101, request()),
        (101, request("/ops?x=/../%20")),
        (101, request(Connection="keep-alive, Upgrade", Upgrade="h2c, WebSocket")),
        (101, request(headers=["Sec-WebSocket-Extensions: permessage-deflate"])),
        (101, request(headers=["Sec-WebSocket-Protocol: chat"])),
        (101, request(line="GET ws://other.localhost:1/ops HTTP/1.1")),
        (101, request("/" + "a" * 64)),
        (404, request("/" + "a" * 65)),
        (404, request("/a//b")),
        (404, request("/a/")),
        (404, request("/../a")),
        (404, request("/a/.")),
        (404, request("/a%20b")),
        (404, request("//")),
        (400, request(line="GET / HTTP/1.1 ")),
        (400, request(line="GET  / HTTP/1.1")),
        (400, request(line="hello")),
        (400, request("/a#b")),
        (400, request(Host=None)),
        (400, request(headers=["Host: twice"])),
        (400, request(Sec_WebSocket_Key=None)),
        (400, request(Sec_WebSocket_Key="dG9vIHNob3J0")),
        (400, request(Sec_WebSocket_Version=None)),
        (400, request(headers=["Content-Length: 5"])),
        (400, request(headers=["Transfer-Encoding: chunked"])),
        (400, request(headers=["no colon"])),
        (400, request(headers=["Folded: a\r\n b"])),
        (400, request(headers=["Control: a\x01b"])),
        (400, request().replace(b"\r\n", b"\n", 1)),
        (405, request(line="POST / HTTP/1.1")),
        (426, request(Upgrade=None)),
        (426, request(Upgrade="h2c")),
        (426, request(Connection=None)),
        (426, request(line="GET / HTTP/1.0")),
        (426, request(Sec_WebSocket_Version="12")),
        (431, request(headers=["Long: " + "x" * 8192])),
        (505, request(line="GET / HTTP/2.0")),
    ):
        got, fields = answer(server, head)
        assert got == status, "%d expected, got %d for %r" % (status, got, head)
        assert (fields.get("sec-websocket-version") == "13") == (b"Version: 12" in head), fields
        assert status != 405 or fields["allow"] == "GET, HEAD", fields


@case("pages of a foreign origin are refused", "--origin", "https://friend.example")
def _(server):
    port = server.url.rsplit(":", 1)[1].strip("/")
    for origin, host, status in (
        (None, "localhost", 101),
        ("http://localhost", "localhost", 101),
        ("http://localhost:8000", "127.0.0.1:" + port, 101),
        ("http://127.0.0.1:8000", "[::1]:" + port, 101),
        ("http://[::1]", "localhost:" + port, 101),
        ("https://friend.example", "localhost", 101),
        ("HTTPS://Friend.Example", "localhost", 101),
        ("https://friend.example:443", "localhost", 403),
        ("https://friend.example.evil", "localhost", 403),
        ("http://friend.example", "localhost", 403),
        ("http://evil.example", "localhost", 403),
        ("http://evil.example:" + port, "127.0.0.1:" + port, 403),
        ("http://localhost.evil.example", "localhost", 403),
        ("http://127.0.0.1.evil.example", "localhost", 403),
        ("http://127.evil", "localhost", 403),
        ("null", "localhost", 403),
        ("file://", "localhost", 403),
        ("http://", "localhost", 403),
        ("", "localhost", 101),
    ):
        headers = [] if origin is None else ["Origin: " + origin]
        got, _ = answer(server, request(host=host, headers=headers))
        assert got == status, "%d expected, got %d for %r at %r" % (status, got, origin, host)


@case("binary garbage on the port is answered and ends the connection, not the server")
def _(server):
    for garbage in (
        b"\r\n\r\n",
        bytes(range(256)) + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0" * 100000,
        os.urandom(1 << 20),
    ):
        peer = server.peer(upgrade=False)
        try:
            peer.send(garbage)
        except (BrokenPipeError, ConnectionResetError):
            pass
        while peer.more():
            pass
        assert not peer.got or peer.got.startswith(b"HTTP/1.1 4"), bytes(peer.got[:200])
    server.join("alice")


@case("a head may come byte by byte, and a head of 8 KiB is not too large")
def _(server):
    head = request()
    peer = server.peer(upgrade=False)
    peer.drip(head)
    assert peer.response()[0] == 101
    peer.init("alice")
    head = request(headers=["Long: " + "x" * (8192 - len(head) - len("Long: \r\n"))])
    assert len(head) == 8192
    assert answer(server, head)[0] == 101
    assert answer(server, head.replace(b"Long: ", b"Long: x"))[0] == 431


@case("frames may come in one segment with the handshake")
def _(server):
    peer = server.peer(upgrade=False)
    peer.send(request(), frame(TEXT, INIT), frame(TEXT, HI), frame(PING, b"p"), frame(TEXT, HI)[:3])
    assert peer.response()[0] == 101
    assert sorted(peer.frame()[0] for _ in range(4)) == [TEXT, TEXT, TEXT, PONG]
    peer.close()
    peer = server.peer(upgrade=False)
    peer.send(request("/b"), frame(TEXT, INIT), frame(TEXT, HI), frame(CLOSE, struct.pack("!H", 1000)))
    assert peer.response()[0] == 101
    peer.recv("userData"), peer.recv("history"), peer.heard("hi"), peer.closes(1000)


@case("a request head is not the whole of an attack: 64 KiB of frames behind it", "--max-errors", "1000000")
def _(server):
    peer = server.peer(upgrade=False)
    one = frame(TEXT, HI)
    count = 3000
    peer.send(request(), one * count, frame(TEXT, INIT))
    assert peer.response()[0] == 101
    for _ in range(count):
        peer.refused("not_initialized")
    peer.recv("userData")


# ---- frames ----


@case("every byte of a conversation on its own")
def _(server):
    peer = server.peer()
    peer.drip(frame(TEXT, INIT))
    peer.recv("userData"), peer.recv("history")
    text = "é😀" * 100
    peer.drip(frame(TEXT, json.dumps({"type": "text", "text": text}, ensure_ascii=False)))
    peer.heard(text)
    peer.drip(frame(PING, b"x" * 125))
    assert peer.frame() == (PONG, b"x" * 125)
    peer.drip(frame(CLOSE, struct.pack("!H", 1001) + b"bye"))
    assert peer.frame() == (CLOSE, struct.pack("!H", 1001)), "the reason is not sent back"
    peer.ended()


WORDS = {1002: "bad_message", 1003: "bad_message", 1007: "bad_utf8", 1009: "too_large"}


def answers(peer):
    """All that comes until the end, in the terms of framing.py; the error belongs to its Close."""
    seen, fault = [], None
    while not seen or seen[-1][0] not in ("close", "fault"):
        opcode, payload = peer.frame()
        if opcode == PONG:
            seen.append(("pong", payload))
        elif opcode == CLOSE and fault:
            code = framing.code_of(payload)
            assert (fault["code"], fault["fatal"]) == (WORDS[code], True), (fault, code)
            assert payload[2:].decode(), "a Close without a reason"
            seen.append(("fault", code))
        elif opcode == CLOSE:
            assert len(payload) in (0, 2), "the reason is not sent back"
            seen.append(("close", framing.code_of(payload)))
        else:
            message = json.loads(payload)
            if message["type"] == "error":
                assert not fault, "a second error: %r" % message
                fault = message
            elif message["type"] == "message":
                seen.append(("text", message["content"]))
    peer.ended()
    return framing.split(seen)


def drip(peer, stream):
    """The server may be done with it before the last byte."""
    try:
        peer.drip(stream)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        pass


def obeys(rule):
    def check(server):
        for pieces, wanted in rule:
            stream = framing.encoded(pieces, masked=True)
            wanted = framing.split(
                (kind, json.loads(value)["text"] if kind == "text" else value) for kind, value in wanted
            )
            for way in "whole", "behind the head", "byte by byte":
                peer = server.peer(upgrade=False)
                if way == "behind the head":
                    peer.send(request(), frame(TEXT, INIT), stream)
                else:
                    peer.send(request(), frame(TEXT, INIT))
                assert peer.response()[0] == 101
                if way == "whole":
                    peer.send(stream)
                elif way == "byte by byte":
                    drip(peer, stream)
                got = answers(peer)
                assert got == wanted, "%s %r: %r, not %r" % (way, stream[:80], got, wanted)

    return check


for section, title, rule in framing.RULES:
    case("RFC 6455 %s: %s" % (section, title), "--rate", "0", "--history", "0")(obeys(rule))


@case("what came whole before a fault or a Close still counts, and its sender hears it")
def _(server):
    for end, code, errors in (
        (frame(BINARY, b"x"), 1003, 1),
        (frame(CLOSE, struct.pack("!H", 1000)), 1000, 0),
    ):
        peer = server.join("alice")
        peer.send(frame(TEXT, HI), frame(TEXT, HI), end)
        got = [peer.recv()["type"] for _ in range(2 + errors)]
        assert sorted(got) == ["error"] * errors + ["message"] * 2, got
        peer.closes(code)


@case("what a peer sends on and on after a fault is read away, and its error arrives")
def _(server):
    peer = server.join("alice")
    flood = frame(BINARY, b"x" * 60000) * 50
    peer.send(flood)
    peer.refused("bad_message", fatal=True)
    peer.closes(1003, answer=False)


@case("a message of 1 MiB is taken, one byte more is too large")
@limits("--max-message")
def _(server):
    def file(size):
        head, tail = b'{"type":"file","file":{"name":"f","type":"t","size":1,"data":"', b'"},"x":"'
        data = b"A" * (size - 1000 & ~3)
        return head + data + tail + b"." * (size - len(head + data + tail) - 2) + b'"}'

    assert len(file(1 << 20)) == 1 << 20
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    alice.say(file(1 << 20))
    for peer in alice, bob:
        assert len(peer.heard("f")["file"]["data"]) == (1 << 20) - 1000
    whole = frame(TEXT, file(1 << 20))
    alice.send(frame(TEXT, file(1 << 20)[:600000], fin=False))
    alice.send(frame(CONTINUATION, file(1 << 20)[600000:]))
    alice.heard("f"), bob.heard("f")
    alice.send(frame(TEXT, file((1 << 20) + 1))[: len(whole) // 2])
    alice.refused("too_large", fatal=True)
    alice.closes(1009, answer=False)
    bob.send(frame(TEXT, file(1 << 20)[:600000], fin=False))
    bob.send(frame(CONTINUATION, file((1 << 20) + 1)[600000:])[:100])
    bob.refused("too_large", fatal=True)
    bob.closes(1009, answer=False)


@case("before init a message of 4 KiB is taken, one byte more is too large")
@limits("--max-init")
def _(server):
    def init(size):
        text = b'{"type":"init","username":"alice","id":"a","x":"'
        return text + b"." * (size - len(text) - 2) + b'"}'

    peer = server.peer()
    peer.say(init(4096))
    peer.recv("userData"), peer.recv("history")
    peer = server.peer()
    peer.say(init(4097))
    peer.refused("too_large", fatal=True)
    peer.closes(1009)
    peer = server.peer()
    file = {"name": "f", "type": "t", "size": 1, "data": "A" * 100000}
    peer.send(frame(TEXT, init(4096)), frame(TEXT, json.dumps({"type": "file", "file": file})))
    peer.recv("userData"), peer.recv("history"), peer.heard("f")


@case("1,024 fragments are taken, one more is not")
@limits("--max-fragments")
def _(server):
    peer = server.join("alice")
    start = frame(TEXT, HI[:1], fin=False)
    empty = frame(CONTINUATION, b"", fin=False)
    peer.send(start, empty * 1022, frame(CONTINUATION, HI[1:]))
    peer.heard("hi")
    peer.send(start, empty * 1024)
    peer.refused("bad_message", fatal=True)
    peer.closes(1008, answer=False)


@case("an announced gigabyte costs nothing before it comes", "--max-message", "512M", "--queue", "512M")
def _(server):
    def resident():
        with open("/proc/%d/statm" % server.pid) as file:
            return int(file.read().split()[1]) * 4096

    before = resident()
    peers = [server.join("alice") for _ in range(10)]
    for peer in peers:
        peer.send(b"\x81\xff" + struct.pack("!Q", 500 << 20) + b"\0\0\0\0" + b"x" * 1000)
        peer.send(b"x" * 1000)
    other = server.join("bob")
    other.quiet()
    assert resident() - before < 50 << 20, (before, resident())


@case("bytes stay with their connection: a refused frame leaves nothing to who reads next")
def _(server):
    def frame_of(number):
        if number == 0:
            return frame(PING, b"half of a ping")
        return frame(TEXT, b'{"type":"text","text":"%s"}' % (b"%d" % number * 900))

    def answered(peer, number):
        if number == 0:
            assert peer.frame() == (PONG, b"half of a ping")
        else:
            peer.heard("%d" % number * 900)

    for broken in (frame(3, b"{secret}"), frame(TEXT, b"{secret}", reserved=4), frame(PING, b"{secret}" * 20)):
        honest = [server.join("honest%d" % i, "/room%d" % i) for i in range(8)]
        frames = [frame_of(number) for number in range(8)]
        for number, peer in enumerate(honest):
            peer.send(frame(PING, b"read"), frames[number][:12])
            assert peer.frame() == (PONG, b"read")
        for adversary in (server.join("adversary"), server.peer()):  # after init, and before
            adversary.send(broken)
            adversary.refused("bad_message", fatal=True)
        for number, peer in enumerate(honest):
            peer.send(frames[number][12:])
        for number, peer in enumerate(honest):
            answered(peer, number)
            peer.leave()


@case("the whole stream cut at every place: the same answers")
def _(server):
    stream = request() + frame(TEXT, INIT) + frame(TEXT, HI[:9], fin=False) + frame(PING, b"p")
    stream += frame(CONTINUATION, HI[9:]) + frame(CLOSE, struct.pack("!H", 1000))
    for cut in range(1, len(stream)):
        peer = server.peer(upgrade=False)
        peer.send(stream[:cut])
        peer.send(stream[cut:])
        assert peer.response()[0] == 101
        seen = []
        while not seen or seen[-1][0] != CLOSE:
            opcode, payload = peer.frame()
            kind = json.loads(payload)["type"] if opcode == TEXT else payload
            seen.append((opcode, kind))
        # what is said at once (userData, pong) may come before what its tick publishes (message)
        assert sorted(seen, key=str) == sorted(
            [(TEXT, "userData"), (TEXT, "history"), (TEXT, "message"), (PONG, b"p"),
             (CLOSE, struct.pack("!H", 1000))], key=str), (cut, seen)  # fmt: skip
        peer.ended()


if __name__ == "__main__":
    main()
