"""The attackers of serve-adversaries.py. Usage: adversary.py GROUP SURROUNDINGS, which is a JSON file. The program
prints a line once all attackers are connected.

They are IDENTITIES users on as many ADDRESSES; each makes several attacks at once, from several connections. Each
turn of an attack is cheap for the attackers, so that the honest users never wait for the attackers' own CPU time.
"""
import ctypes
import ctypes.util
import itertools
import json
import os
import sys

from attack import NOTHING, Swarm, push, run, skim
from peer import CLOSE, CONTINUATION, PING, PONG, TEXT, connect, frame, request

PAUSE = 0.02  # seconds between two turns of all
PROXY = "127.0.2.1"
ADDRESSES = [  # two of this machine, four that a proxy tells
    ("127.0.1.1", None),
    ("127.0.1.2", None),
    (PROXY, "203.0.113.1"),
    (PROXY, "203.0.113.2"),
    (PROXY, "2001:db8::7"),
    (PROXY, "203.0.113.4:4711"),
]
IDENTITIES = ["mallory%02d" % number for number in range(12)]
UNREADABLE = ["unknown", "_hidden", "", ",", "[2001:db8::7", "203.0.113.300", "203.0.113.6 203.0.113.7", "a" * 999]
UNCLEAR = ['"[2001:db8::7]:4711"', "203.0.113.5:port", "203.0.113.5:", "\t203.0.113.8", "203.0.113.9,", "::ffff:1.2.3.4"]
LEAVE = frame(CLOSE)


def say(message):
    return frame(TEXT, json.dumps(message))


def text(content, **more):
    return say({"type": "text", "text": content, **more})


def file(size, name="f", **more):
    return say({"type": "file", "file": {"name": name, "type": "t", "size": 1, "data": "A" * size}, **more})


class Surroundings:
    """Where they are and what they know: the server's URLs, their tokens, whom they would like to be."""

    def __init__(self, path):
        with open(path) as surroundings:
            self.__dict__.update(json.load(surroundings))
        self.count = itertools.count()

    def origin(self, who):
        """Where an identity comes from, as Swarm wants it."""
        address, forwarded = ADDRESSES[who % len(ADDRESSES)]
        return {"source": address}, ["X-Forwarded-For: " + forwarded] if forwarded else []

    def init(self, who, **more):
        name = IDENTITIES[who % len(IDENTITIES)]
        token = {"token": self.tokens[name]} if self.tokens else {}
        return say({"type": "init", "username": name, "id": "id-" + name, **token, **more})

    def hidden(self, who, **more):
        return self.init(who, presence="hidden", **more)

    def other(self, who, name, **more):
        """Somebody else, where that is to be had for nothing; else the same under another id."""
        return self.init(who, id=name, **more, **({} if self.tokens else {"username": name.replace("-", "")[:20]}))

    def swarm(self, first, count, opening, again=None, every=1, channel="/", slow=False, origin=None, comers=4, **more):
        """Identities from the first on. They say `again` in one of so many turns; the slow take little at a time."""
        turns = itertools.count()
        path = channel if callable(channel) else lambda who: channel

        def seldom(number):
            return again(first + number) if next(turns) % (every * count) < count else b""

        def come_from(number):
            arguments, headers = (origin or self.origin)(first + number)
            return {**arguments, **({"receive_buffer": 4096} if slow else {})}, headers

        return Swarm(self.url, count, lambda number: opening(first + number), seldom if again else None, comers=comers,
                     path=lambda number: path(first + number), origin=come_from, **more)  # fmt: skip


# ---- the attacks ----


REFUSED = [  # headers of frames that end a connection
    bytes([0x83, 0x80]),
    bytes([0xF1, 0x81]),
    bytes([0x81, 0xFF]) + (1 << 63).to_bytes(8, "big"),
    bytes([0x89, 0xFE, 0x00, 0x80]),
    bytes([0x81, 0x01]),
]


def broken_frames(here):
    """Refused in the middle of what they say, beside others who stand in the middle of what they say."""
    behind = request("/", headers=["Cookie: secret"]) * 20
    whole = text("x" * 900)
    refused = itertools.cycle(REFUSED)
    yield here.swarm(0, 12, lambda who: frame(PING) + next(refused) + behind, NOTHING)
    yield here.swarm(0, 12, lambda who: here.hidden(who) + whole[:300], lambda who: whole[300:] + whole[:300])


def unread_pings(here):
    """First what the kernel holds is filled, then each pong of two bytes is the server's to keep."""
    empty, full = frame(PING) * 2700, frame(PING, b"x" * 125)
    yield here.swarm(1, 8, lambda who: full * 24000, lambda who: empty, reads=False, slow=True)
    yield here.swarm(0, 6, here.init, lambda who: full * 20)


def half_messages(here):
    half = file(1000000)[:900000]
    pieces = frame(TEXT, b'{"type":', fin=False) + frame(CONTINUATION, b" " * 900000, fin=False)
    yield here.swarm(2, 50, lambda who: here.hidden(who) + half, comers=1)
    yield here.swarm(3, 50, lambda who: here.hidden(who) + pieces, comers=1)


def long_ids(here):
    def opening(who):
        return here.hidden(who, id="i" * 3800 + str(next(here.count))) + text("me", nonce="n" * 64)

    yield here.swarm(3, 8, opening, lambda who: LEAVE, every=10, channel="/ids")


def files_to_slow_readers(here):
    yield here.swarm(4, 10, here.init, reads=False, slow=True, channel="/slow")
    yield here.swarm(5, 2, here.init, lambda who: file(700000), every=20, channel="/slow")
    yield here.swarm(6, 2, here.init, lambda who: file(900000), every=50)


def letters_beside_files(here):
    """Pairs of a file and a small text. The memory that is kept for the text must not keep the file alive, too."""

    def pairs(who, count=1):
        return b"".join(file(700000) + text("l", nonce="%d" % next(here.count)) for _ in range(count))

    yield here.swarm(7, 2, lambda who: here.init(who) + pairs(who, 30), pairs, every=20, channel="/letters")


def resumes(here):
    def opening(who):
        return here.hidden(who, since=here.since)

    yield here.swarm(8, 8, opening, lambda who: LEAVE, every=3, channel="/past")
    yield here.swarm(9, 6, opening, reads=False, slow=True, channel="/past")


def others_identity(here):
    """Claims to be the guests and uses their nonces, also future ones. Without tokens everybody may claim that; then the
    attackers are in a channel where the guests do not go."""
    ids = itertools.cycle(["id-" + name for name in here.guests])
    nonces = b"".join(text("not what you said", nonce="n-%d" % number) for number in range(100))
    channel = here.lounge if here.tokens else "/elsewhere"
    yield here.swarm(10, 6, lambda who: here.init(who, id=next(ids)) + nonces, lambda who: LEAVE, every=50, channel=channel)


def fresh_ids(here):
    """New users without end; the ids show from which address they come."""
    flood = text("flood") * 40

    def opening(who):
        return here.other(who, "fresh-%d-%d" % (who % len(ADDRESSES), next(here.count)), presence="hidden") + flood

    yield here.swarm(0, 12, opening, lambda who: LEAVE, channel="/flood")
    yield here.swarm(0, 2, here.init, lambda who: text("among them") * 3, every=5)


def channels(here):
    def taken(who):
        return "/taken-%d" % next(here.count)

    yield here.swarm(1, 12, lambda who: here.hidden(who) + text("mine"), lambda who: LEAVE, channel=taken)
    yield here.swarm(2, 12, NOTHING, lambda who: LEAVE, channel=taken)


def histories(here):
    filling = file(200000) + text("y" * 900)
    yield here.swarm(2, 6, here.init, lambda who: filling, every=3, channel=lambda who: "/filled-%d" % (who % 3))


def wrong_tokens(here):
    wrong = say({"type": "init", "username": "mallory", "id": "m", "token": "guess"})
    yield here.swarm(3, 8, lambda who: wrong)
    yield here.swarm(3, 20, lambda who: wrong, origin=lambda who: ({"source": "127.0.0.1"}, ()))  # where guests are


def forwarded_for(here):
    def origin(forms):
        return lambda who: ({"source": PROXY}, ["X-Forwarded-For: " + forms[who % len(forms)]])

    def opening(who):
        return here.other(who, "behind-%d" % who)

    yield here.swarm(0, 160, opening, origin=origin(UNREADABLE), channel="/forwarded")
    yield here.swarm(4, 12, here.hidden, lambda who: LEAVE, every=10, origin=origin(UNCLEAR))


def slow_heads(here):
    yield here.swarm(5, 30, lambda who: b"GET / HTTP/1.1\r\nX: " + b"x" * 7000, lambda who: b"x", upgrade=False)


def pages(here):
    """Browsers that ask for the page, read it or not, or ask for it again and again."""
    ask = b"GET /ops HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"
    yield here.swarm(7, 12, lambda who: ask, lambda who: ask, upgrade=False)
    yield here.swarm(8, 12, lambda who: ask, upgrade=False, slow=True, comers=12)
    yield here.swarm(9, 6, lambda who: ask.replace(b"GET", b"HEAD"), upgrade=False)


def monitor(here):
    ask = b"GET /metrics HTTP/1.1\r\nHost: "
    if here.metrics:
        yield Swarm(here.metrics, 20, lambda n: ask + b"localhost\r\nX: ", lambda n: b"x", upgrade=False, comers=4)
        yield Swarm(here.metrics, 4, lambda n: ask + b"evil.example\r\n\r\n", upgrade=False, comers=4)


def closes(here):
    """Ends in the middle: of a frame, of a message, of an answer."""
    ends = itertools.cycle([
        text("half")[:5] + LEAVE,
        frame(TEXT, "{", fin=False) + LEAVE,
        frame(CLOSE, b"\x03"),
        b"\x88\xff",
        file(100000)[:-1],
        LEAVE * 2 + text("after"),
    ])  # fmt: skip
    yield here.swarm(6, 12, lambda who: here.init(who) + next(ends), lambda who: LEAVE, every=5)


def bad_messages(here):
    bombs = itertools.cycle([
        b"{}" * 3,
        b'{"type":"text","text":' + b"[" * 50000,
        b'{"type":"text","n":' + b"9" * 50000 + b"}",
        b"\xff",
    ])  # fmt: skip
    yield here.swarm(7, 8, here.init, lambda who: frame(TEXT, next(bombs)), every=3)


class KeyUpdates:
    """New keys, thousands in one piece, from a connection of OpenSSL's own: Python has none of that."""

    AT_ONCE = 20000

    def __init__(self, url):
        self.crypto = ctypes.CDLL(ctypes.util.find_library("ssl"))
        for name in "TLS_client_method", "SSL_CTX_new", "SSL_new", "BIO_s_mem", "BIO_new":
            getattr(self.crypto, name).restype = ctypes.c_void_p
        self.url, self.ssl = url.replace("wss:", "ws:"), None

    def come(self):
        self.sock = connect(self.url, source=ADDRESSES[0][0])
        self.sock.setblocking(True)
        context = ctypes.c_void_p(self.crypto.SSL_CTX_new(ctypes.c_void_p(self.crypto.TLS_client_method())))
        self.ssl = ctypes.c_void_p(self.crypto.SSL_new(context))
        self.crypto.SSL_CTX_free(context)
        self.crypto.SSL_set_fd(self.ssl, self.sock.fileno())
        head = request("/")
        if self.crypto.SSL_connect(self.ssl) != 1 or self.crypto.SSL_write(self.ssl, head, len(head)) != len(head):
            self.go()
            return
        self.out = ctypes.c_void_p(self.crypto.BIO_new(ctypes.c_void_p(self.crypto.BIO_s_mem())))
        self.crypto.SSL_set0_wbio(self.ssl, self.out)
        self.sock.setblocking(False)
        self.updates, self.piece = 0, b""

    def go(self):
        self.crypto.SSL_free(self.ssl)
        self.sock.close()
        self.ssl = None

    def make(self):
        """More of the piece."""
        self.updates += 2000
        for number in range(2000):
            self.crypto.SSL_key_update(self.ssl, 0)
            self.crypto.SSL_do_handshake(self.ssl)
            if number % 30 == 0:  # OpenSSL takes no more than 32 without a word between
                self.crypto.SSL_write(self.ssl, frame(PONG), 6)
        if self.updates == self.AT_ONCE:
            piece = ctypes.create_string_buffer(self.AT_ONCE * 50)
            size = self.crypto.BIO_read(self.out, piece, len(piece))
            self.updates, self.piece = 0, piece.raw[:size]

    def step(self):
        if not self.ssl:
            self.come()
        elif not self.piece:
            self.make()
        else:
            sent = push(self.sock, self.piece)
            self.piece = self.piece[sent or 0 :]
            if sent is None or not skim(self.sock):
                self.go()


def key_updates(here):
    if here.url.startswith("wss:"):
        yield KeyUpdates(here.url)


ATTACKS = [
    broken_frames,
    unread_pings,
    half_messages,
    long_ids,
    files_to_slow_readers,
    letters_beside_files,
    resumes,
    others_identity,
    fresh_ids,
    channels,
    histories,
    wrong_tokens,
    forwarded_for,
    slow_heads,
    pages,
    monitor,
    closes,
    bad_messages,
    key_updates,
]
GROUPS = 3


def main(group, path):
    here = Surroundings(path)
    wanted = os.environ.get("CHAT_TEST_ATTACK")  # some of them alone, to see what they do
    chosen = [attack for attack in ATTACKS if not wanted or attack.__name__ in wanted.split(",")]
    run([swarm for attack in chosen[group::GROUPS] for swarm in attack(here)], PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
