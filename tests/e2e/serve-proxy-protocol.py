"""chat-serve and proxies that pass TCP on with a PROXY header: whom it lets in, whom it limits, and what is wrong."""
import contextlib
import ipaddress
import os
import re
import socket
import ssl
import tempfile
import time

from access import denied, tokens_file
from limits_table import limits
from peer import DEADLINE, SLOWNESS, request, secure, until
from serving import Server, case, main

PROXY = "127.0.0.2"
TRUST = "--proxy-protocol", PROXY
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TLV = b"\x02\x00\x04chat" + b"\x04\x00\x02\x00\x00"  # a host name, and padding
HEAD = request(host="chat.example")


def line(client):
    """A header of version 1."""
    version = ipaddress.ip_address(client).version
    here = "192.0.2.1" if version == 4 else "2001:db8::ffff"
    return b"PROXY TCP%d %s %s 1234 3001\r\n" % (version, client.encode(), here.encode())


def binary(client=None, command=1, protocol=1, more=TLV):
    """A header of version 2; without a client it has no address."""
    address = ipaddress.ip_address(client) if client else None
    family = {None: 0, 4: 1, 6: 2}[address and address.version]
    addresses = address.packed * 2 + b"\x04\xd2\x0b\xb9" if address else b""
    fixed = bytes([0x20 | command, family << 4 | (protocol if client else 0)])
    return SIGNATURE + fixed + len(addresses + more).to_bytes(2, "big") + addresses + more


LOCAL = binary(command=0, more=b"")
UNKNOWN = b"PROXY UNKNOWN\r\n"
FORMS = line, binary


def through(server, header, source=PROXY, head=None):
    """A peer that comes from the proxy with this header. With a head it asks for a channel."""
    url = server.url.replace("wss:", "ws:")
    peer = server.peer(url=url, upgrade=False, source=source)
    peer.send(header + (head or b""))
    return peer


def status(server, header, source=PROXY, head=HEAD):
    """The status for who asks for a channel; the connection stays if it is accepted. 0: there is no answer."""
    peer = through(server, header, source, head)
    try:
        answer = peer.response()[0]
    except (EOFError, ConnectionError):
        answer = 0
    if answer != 101:
        peer.close()
    return answer


def is_dropped(peer):
    """The connection ends without a byte."""
    with contextlib.suppress(ConnectionError):
        peer.ended()
    return True


def metric(server, name):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(server.metrics)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return float(re.search(rb"^chat_%s (\S+)$" % name.encode(), answer, re.M)[1])


def measured(*options):
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
    server = Server("--metrics", "unix:" + path, *options)
    server.metrics = path
    return server


# ---- who it is ----


@case("a client is let in with a header of either version, of IPv4 and IPv6, and may ask for any host", *TRUST)
def _(server):
    for form in FORMS:
        for client in "203.0.113.1", "2001:db8::1", "::ffff:203.0.113.1", "127.0.0.1":
            assert status(server, form(client)) == 101, (form, client)
    assert status(server, binary("203.0.113.1", protocol=2)) == 101
    assert status(server, binary("203.0.113.1", more=b"\x04\x0f\xe1" + bytes(4065))) == 101, "a header of 4 KiB"


@case("a client chats through the proxy", *TRUST)
def _(server):
    for number, form in enumerate(FORMS):
        peer = through(server, form("203.0.113.1"))
        peer.upgrade()
        peer.init("alice%d" % number)
        peer.text("hello")
        peer.heard("hello")
        peer.leave()


@case("the log names the client, and for a health check the proxy", "-v", *TRUST)
def _(server):
    for header, name in (
        (line("203.0.113.1"), "203.0.113.1"), (binary("2001:db8:1:2:3::4"), "2001:db8:1:2::/64"), (LOCAL, PROXY), (UNKNOWN, PROXY),
    ):  # fmt: skip
        peer = through(server, header)
        peer.upgrade("/of-" + name.replace(":", "-").replace("/", "."))
        peer.init("alice")
        peer.leave()
        joined = "%s: alice joins /of-%s" % (name, name.replace(":", "-").replace("/", "."))
        until(lambda wanted=joined: wanted in server.errors(), joined)


@case("the header comes in any pieces, alone or with what follows", *TRUST)
def _(server):
    for header in line("203.0.113.1"), binary("203.0.113.2"), LOCAL, UNKNOWN:
        peer = through(server, b"")
        peer.drip(header + HEAD)
        assert peer.response()[0] == 101, header
        for cut in range(1, len(header) + 2):
            peer = through(server, (header + HEAD)[:cut])
            peer.send((header + HEAD)[cut:])
            assert peer.response()[0] == 101, (header, cut)
            peer.close()


# ---- who is limited ----


@case("each client is limited, in every form of its address, and the proxy is not", *TRUST, "--max-per-address", "3")
@limits("--max-per-address")
def _(server):
    for clients in ("203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1"), ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:9::1"):
        kept = [through(server, FORMS[number % 2](client), head=HEAD) for number, client in enumerate(clients)]
        assert [peer.response()[0] for peer in kept] == [101] * 3
        assert [status(server, form(clients[0])) for form in FORMS] == [503] * 2
        kept[0].close()
        until(lambda client=clients[0]: status(server, line(client)) == 101, "room for another one")
    assert status(server, line("203.0.113.2")) == 101


@case("a client with far too many connections loses the next one as soon as it is named", *TRUST, "--max-per-address", "2")
def _(server):
    kept = [through(server, form("203.0.113.1")) for form in FORMS * 2]
    quiet = through(server, b"")
    until(lambda: status(server, line("203.0.113.1")) == 0, "four connections are counted")
    assert is_dropped(through(server, line("203.0.113.1")))
    assert is_dropped(through(server, binary("203.0.113.1")))
    assert status(server, line("203.0.113.2")) == 101, "others are not concerned"
    quiet.send(line("203.0.113.1"))
    assert is_dropped(quiet), "nor does it help to come early and to be named late"
    for peer in kept:
        peer.send(HEAD)
    assert [peer.response()[0] for peer in kept] == [503] * 4


@case("a proxy that speaks for itself is limited as the peer that it is", *TRUST, "--max-per-address", "4")
def _(server):
    kept = [through(server, header, head=HEAD) for header in (LOCAL, UNKNOWN, binary(), binary("203.0.113.1", command=0))]
    assert [peer.response()[0] for peer in kept] == [101] * 4
    assert [status(server, header) for header in (LOCAL, UNKNOWN)] == [503] * 2
    assert status(server, line("203.0.113.1")) == 101, "its clients are others"
    assert [status(server, b"", source="127.0.0.3", head=request()) for _ in range(6)] == [101] * 6, "and so is this machine"


@case("wrong tokens bar the client behind the proxy, and nobody else", server=False)
def _():
    path, (token,) = tokens_file("alice")
    server = Server("--tokens", path, "--max-failures", "3", *TRUST)

    def come(header):
        peer = through(server, header)
        peer.upgrade()
        return peer

    guess = {"username": "alice", "token": "guess"}
    denied(*[(come(FORMS[number % 2]("203.0.113.1")), guess) for number in range(3)])
    start = time.monotonic()
    guessers = [come(line("203.0.113.1")) for _ in range(12)]
    for guesser in guessers:
        guesser.say({"type": "init", "id": "m", **guess})
    come(line("203.0.113.2")).init("alice", token=token)
    come(LOCAL).init("alice", token=token)
    assert time.monotonic() - start < 1, "others wait for those of that address"
    victim = come(binary("203.0.113.1"))
    victim.init("alice", token=token)
    assert time.monotonic() - start > 0.5, "12 guesses were looked at at once"


@case("joins are limited, of each client", *TRUST, "--rate-join", "2", "--max-per-address", "1000")
def _(server):
    answers = [status(server, FORMS[number % 2]("203.0.113.1")) for number in range(200)]
    assert 101 in answers and 429 in answers, answers
    assert status(server, line("203.0.113.2")) == 101


# ---- what is wrong ----

WRONG = [
    HEAD, b"\x16\x03\x01\x02\x00", b"PROXY\r\n", b"PROXY TCP4\r\n", b"PROXY TCP4 203.0.113.1\r\n", line("203.0.113.1").lower(),
    line("203.0.113.1").replace(b"TCP4", b"TCP6"), line("203.0.113.1").replace(b"\r", b""), b"\n" + line("203.0.113.1"),
    line("203.0.113.1").replace(b" ", b"  "), line("203.0.113.1").replace(b"1234", b"65536"), b"PROXY UNKNOWN " + b"x" * 200,
    SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12), SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
    SIGNATURE + b"\x21\x11\x00\x0b" + bytes(12), SIGNATURE + b"\x21\x21\x00\x0c" + bytes(12),
    SIGNATURE + b"\x21\x41\x00\x0c" + bytes(12), SIGNATURE + b"\x21\x11\xff\xff" + bytes(12),
    SIGNATURE[:-1] + b"\r" + binary("203.0.113.1")[12:],
]  # fmt: skip


@case("another beginning is refused, in any pieces, and counted", server=False)
def _():
    server = measured("-v", *TRUST)
    for wrong in WRONG:
        assert status(server, wrong, head=b"") == 400, wrong
        peer = through(server, b"")
        with contextlib.suppress(ConnectionError):
            peer.drip(wrong)
        assert peer.response()[0] == 400, wrong
    assert metric(server, "proxy_header_failures_total") == 2 * len(WRONG)
    for why in "a PROXY header must come first", "the PROXY header is malformed", "the PROXY header is over 4 KiB":
        assert "%s: 400: %s" % (PROXY, why) in server.errors(), why


@case("a second header is a bad request", *TRUST)
def _(server):
    for first in line("203.0.113.1"), binary("203.0.113.1"), LOCAL:
        for second in line("203.0.113.2"), binary("203.0.113.2"), UNKNOWN:
            assert status(server, first + second) == 400, (first, second)


@case("nobody else may send a header, and nobody else needs one", "-v", *TRUST)
def _(server):
    assert status(server, b"", source="127.0.0.3", head=request()) == 101
    for header in line("203.0.113.1"), binary("203.0.113.1"), LOCAL:
        assert status(server, header, source="127.0.0.3", head=request()) == 400, header
    assert server.errors().count("127.0.0.3: 400: a PROXY header is not expected here") == 3, server.errors()


@case("without the option a header is a bad request")
def _(server):
    for header in line("203.0.113.1"), binary("203.0.113.1"), LOCAL:
        assert status(server, header, head=request()) == 400, header


@case("a header is awaited no longer than the request, and many of them keep nobody out",
      "-v", *TRUST, "--head-timeout", "%dms" % (1000 * SLOWNESS), "--max-per-address", "2")  # fmt: skip
def _(server):
    halves = [through(server, header[:size]) for header in (line("203.0.113.1"), binary("203.0.113.1")) for size in range(20)]
    assert status(server, line("203.0.113.1")) == 101
    start = time.monotonic()
    assert all(is_dropped(half) for half in halves)
    assert time.monotonic() - start < 5 * SLOWNESS
    assert "%s: the PROXY header took too long" % PROXY in server.errors()


@case("half headers count in all: beyond --max-connections who comes is refused", *TRUST, "--max-connections", "10")
@limits("--max-connections")
def _(server):
    halves = [through(server, b"PROXY TCP4 ") for _ in range(10)]
    assert status(server, line("203.0.113.1")) == 503
    for half in halves:
        half.close()
    until(lambda: status(server, line("203.0.113.1")) == 101, "room again")


@case("a proxy may look if the server is there", server=False)
def _():
    server = measured(*TRUST)
    for header in b"", b"PROXY", LOCAL:
        peer = through(server, header)
        peer.sock.shutdown(socket.SHUT_WR)
        assert is_dropped(peer)
        through(server, header).reset()
    until(lambda: metric(server, "connections") == 0, "all gone")
    assert metric(server, "proxy_header_failures_total") == 0


@case("a proxy may come through a unix socket, and its clients are limited as any other",
      "-v", "--proxy-protocol", "unix", "--max-per-address", "2", listen="unix:%s/proxy.socket" % os.environ["TMP"])  # fmt: skip
def _(server):
    for header in line("203.0.113.1"), binary("203.0.113.2"), LOCAL:
        assert [status(server, header) for _ in range(3)] == [101, 101, 503], header
    assert status(server, b"") == 400
    for name in "203.0.113.1", "203.0.113.2", "unix":
        assert "%s: 503: there are too many connections from this address" % name in server.errors(), server.errors()


# ---- with a proxy that speaks HTTP ----


@case("X-Forwarded-For is believed of the client that the header names, not of the one that sends it",
      *TRUST, "--trust-proxy", "198.51.100.1", "--trust-proxy", PROXY, "--max-per-address", "2")  # fmt: skip
def _(server):
    def ask(header, *forwarded_for):
        return status(server, header, head=request(host="x", headers=["X-Forwarded-For: " + one for one in forwarded_for]))

    assert [ask(line("198.51.100.1"), "203.0.113.1") for _ in range(3)] == [101, 101, 503]
    assert ask(binary("198.51.100.1"), "203.0.113.2") == 101
    assert [ask(line("198.51.100.1")) for _ in range(3)] == [101, 101, 503], "then it is that proxy"
    assert [ask(line("203.0.113.3"), "203.0.113.4") for _ in range(3)] == [101, 101, 503], "a client's own word"
    assert ask(line("203.0.113.4")) == 101
    answers = [ask(LOCAL, "203.0.113.5"), ask(UNKNOWN, "203.0.113.6"), ask(LOCAL, "203.0.113.7")]
    assert answers == [101, 101, 503], "no header of HTTP takes the place of the address"


# ---- before TLS ----


def handshake(peer, header):
    """TLS whose first bytes are in one segment with the header; returns the object of it."""
    context = ssl.create_default_context(cafile=os.environ["CHAT_TEST_CA"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            peer.send(header + outgoing.read())
            header = b""
            incoming.write(peer.sock.recv(65536))
    peer.send(outgoing.read())
    tls.write(HEAD)
    peer.send(outgoing.read())
    answer = b""
    while b"\r\n\r\n" not in answer:
        try:
            answer += tls.read()
        except ssl.SSLWantReadError:
            incoming.write(peer.sock.recv(65536))
    return answer


@case("the header comes before TLS, alone, in pieces or in one segment with it", server=False)
def _():
    server = Server("-v", *os.environ["PROXY_TLS"].split(), *TRUST)
    for header in line("203.0.113.1"), binary("203.0.113.1"), LOCAL:
        peer = through(server, b"")
        peer.drip(header)
        peer.sock = secure(peer.sock)
        peer.upgrade()
        peer.init("alice")
        peer.leave()
        assert handshake(through(server, b""), header).startswith(b"HTTP/1.1 101 "), header
    assert "203.0.113.1: alice joins /" in server.errors()


@case("with TLS another beginning, or one that is late, ends the connection", server=False)
def _():
    server = measured(*os.environ["PROXY_TLS"].split(), *TRUST, "--head-timeout", "%dms" % (1000 * SLOWNESS))
    for wrong in WRONG:
        assert is_dropped(through(server, wrong)), wrong
    assert metric(server, "proxy_header_failures_total") == len(WRONG)
    for half in through(server, b""), through(server, b"PROXY"), through(server, LOCAL):
        assert is_dropped(half)


if __name__ == "__main__":
    main()
