"""Clients send conversations that were changed at random, and chat-serve goes on working.

Whatever the server logs about them is fit for a terminal and for jq, and honest peers notice nothing. The seed is
printed; CHAT_TEST_SEED sets it.
"""
import glob
import os
import random
import re
import socket
import ssl
import subprocess
import tempfile

from peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, connect, frame, request
from serving import case, main

MUTANTS = 300000 if os.environ.get("CHAT_TEST_FULL") else 3000
SEED = int(os.environ.get("CHAT_TEST_SEED") or random.SystemRandom().getrandbits(32))
VALIDATE = os.path.join(os.environ["BUILD"], "chat-validate")

# The pieces that are put in: bytes that terminals obey, and bytes that confuse parsers.
WORDS = [
    b"\x1b[2J", b"\x1b]0;owned\x07", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\r\n", b"\n", b"\0", b"\x7f", b"\xff",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\\u0000", b"\\ud800", b"\\u001b", b"[" * 300, b"{" * 300, b'"', b"\\",
    b"1e999", b"-0", b"9" * 40, b'"type":"init"', b'"nonce":"', b'{"type":"text","text":"x"}', b",", b":", b"%s%n",
    b"\r\n\r\n", b"Host: x\r\n", b": ", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"/../", b"\x81\xfe", b"\x88\x80",
]  # fmt: skip

# Whatever a terminal would obey, as UTF-8: C0 but the newline, DEL, C1, what turns the writing round.
OBEYED = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def corpus():
    paths = sorted(glob.glob("tests/corpus/*/*client*.json"))
    texts = []
    for path in paths:
        with open(path, "rb") as file:
            texts.append(file.read())
    assert len(texts) > 200, paths
    return [text for text in texts if len(text) < 20000]


def mutated(rng, data, most=6):
    data = bytearray(data)
    for _ in range(rng.randint(1, most)):
        at = rng.randint(0, len(data))
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 2:
            data[at:at] = rng.choice(WORDS)
        elif kind == 3:
            del data[at : at + rng.randint(1, 20)]
        elif kind == 4:
            end = at + rng.randint(1, 40)
            data[at:at] = data[at:end]
        else:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(data)


def astray(rng, data, chance):
    return mutated(rng, data) if rng.random() < chance else data


def conversation(rng, texts):
    """A head, an init, some messages, a Close; some of it as it should be."""
    name = "user%d" % rng.randrange(50)
    init = b'{"type":"init","username":"%s","id":"%s"}' % (name.encode(), name.encode())
    pieces = [frame(TEXT, astray(rng, init, 0.1))]
    for _ in range(rng.randint(1, 6)):
        text = astray(rng, rng.choice(texts), 0.3)
        if rng.random() < 0.2:
            cut = rng.randint(0, len(text))
            pieces += [frame(TEXT, text[:cut], fin=False), frame(PING, b"p"), frame(CONTINUATION, text[cut:])]
        elif rng.random() < 0.1:
            pieces.append(frame(rng.choice([BINARY, PING, PONG, CLOSE, 3, 11]), text[: rng.choice([5, 125, 200])]))
        else:
            pieces.append(frame(TEXT, text))
    pieces.append(frame(CLOSE, b"\x03\xe8"))
    pieces = [astray(rng, piece, 0.1) for piece in pieces]
    if rng.random() < 0.1:
        rng.shuffle(pieces)
    head = astray(rng, request(rng.choice(["/", "/a", "/b/c"])), 0.1)
    return head + b"".join(pieces)


def hello(rng):
    """The first flight of a TLS client, astray."""
    sent, got = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(got, sent, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return mutated(rng, sent.read(), 3)


def say(url, data, rng):
    """Says it and its end, and reads until the server has nothing more to say; or goes at once."""
    sock = connect(url)
    try:
        sock.sendall(data)
        if rng.random() < 0.1:
            return
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        sock.close()


def is_fit(server, rng):
    text = server.errors().encode("utf-8", "surrogateescape")
    found = OBEYED.search(text)
    assert not found, "stderr has %r" % text[max(0, found.start() - 200) : found.end() + 20]
    assert len(text.splitlines()) > 100, "what is refused is said"


@case("conversations that go astray", "-v", "--journal", tempfile.mkdtemp(dir=os.environ["TMP"]),
      "--history", "10", "--rate", "0", "--ping-interval", "1h")  # fmt: skip
def _(server):
    print("# seed %d" % SEED, flush=True)
    rng, texts = random.Random(SEED), corpus()
    alice, bob = server.join("alice", "/honest"), server.join("bob", "/honest")
    alice.status("bob", True)
    for number in range(MUTANTS):
        say(server.url, conversation(rng, texts), rng)
        if number % 50 == 0:
            alice.text("still there? %d" % number)
            assert alice.heard("still there? %d" % number) == bob.recv()
    alice.quiet(), bob.quiet()
    is_fit(server, rng)
    assert len(server.events()) > MUTANTS / 10, len(server.events())
    done = subprocess.run([VALIDATE, "--from", "server", server.out_path], capture_output=True)
    assert done.returncode == 0, done.stdout[:2000]


@case("TLS that goes astray", "-v", "--tls-cert", os.environ["TMP"] + "/server.pem", "--tls-key",
      os.environ["TMP"] + "/server.key")  # fmt: skip
def _(server):
    rng = random.Random(SEED)
    for number in range(MUTANTS // 10):
        say(server.url.replace("wss", "ws"), hello(rng), rng)
    is_fit(server, rng)


if __name__ == "__main__":
    main()
