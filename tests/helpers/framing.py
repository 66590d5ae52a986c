"""The rules of RFC 6455 for frames, each with examples of what is sent and what must come back.

They hold for a server and for a client; `masked` says which of the two is tested. The texts are messages of the chat
protocol, so that both chat-serve and a server that only echoes can be tested.
"""
import json
import struct

from peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame


def text_of(content):
    return json.dumps({"type": "text", "text": content}, ensure_ascii=False).encode()


def padded(size):
    """A message of so many bytes."""
    head = b'{"type":"text","text":"hi","x":"'
    return head + b"." * (size - len(head) - 2) + b'"}'


class Piece:
    """A frame, masked as its sender has to (or, wrong, not)."""

    def __init__(self, opcode, payload=b"", wrongly=False, bytes=None, **how):
        self.opcode, self.payload, self.wrongly, self.bytes, self.how = (
            opcode, payload, wrongly, bytes, how)  # fmt: skip

    def encode(self, masked):
        whole = frame(self.opcode, self.payload, masked=masked != self.wrongly, **self.how)
        return whole[: self.bytes]


class Length:
    """The header of a frame that is announced and does not come."""

    def __init__(self, first, form, size):
        self.first, self.form, self.size = first, form, size

    def encode(self, masked):
        head = bytes([self.first, masked << 7 | (126 if self.form == 2 else 127)])
        return head + self.size.to_bytes(self.form, "big") + bytes(4 * masked)


def message(content, **how):
    return Piece(TEXT, text_of(content), **how)


def part(opcode, payload, **how):
    return Piece(opcode, payload, fin=False, **how)


def rest(payload):
    return Piece(CONTINUATION, payload)


def ping(payload, **how):
    return Piece(PING, payload, **how)


def pong(payload, **how):
    return Piece(PONG, payload, **how)


def close(code=None, reason=b""):
    return Piece(CLOSE, struct.pack("!H", code) + reason if code is not None else b"")


def echo(payload):
    return ("text", payload)


def echo_binary(payload):
    return ("binary", payload)


def reply(payload):
    return ("pong", payload)


def ends(code):
    """The answer to a Close, with this code, then the end."""
    return ("close", code)


def fails(code):
    """A fault: a Close with this code, then the end."""
    return ("fault", code)


HI = text_of("hi")
WIDE = text_of("aé😀b" * 30)
LONG = "y" * 900


def each_byte(payload, between=()):
    """A message of one byte a fragment, control frames after some of them."""
    pieces = [part(TEXT, payload[:1])]
    for i in range(1, len(payload) - 1):
        pieces.append(part(CONTINUATION, payload[i : i + 1]))
        pieces += between if i % 20 == 0 else ()
    return pieces + [rest(payload[-1:])]


def wrong_text(flaw):
    return Piece(TEXT, b'{"type":"text","text":"' + flaw + b'"}')


NOT_UTF8 = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xf8\x88\x80\x80\x80")

REFUSED_BINARY = ("5.6", "a binary message is not for us: 1003, at its header", [
    ([Piece(BINARY, HI)], [fails(1003)]),
    ([Piece(BINARY, HI, bytes=6)], [fails(1003)]),
    ([part(BINARY, b"")], [fails(1003)]),
])  # fmt: skip

# In its place for a program that takes binary messages, too.
TAKEN_BINARY = [
    ("5.6", "a binary message comes back as one, whatever its bytes are", [
        ([Piece(BINARY, payload), close(1000)], [echo_binary(payload), ends(1000)])
        for payload in (b"", HI, *NOT_UTF8, bytes(range(256)), b"\xfe" * 126, b"\xff" * 65535, b"\x80" * 65536)
    ]),
    ("5.4", "a binary message in fragments, with control frames between them", [
        ([part(BINARY, b"\xff"), ping(b"1"), part(CONTINUATION, b""), rest(b"\xc0" * 5000), close(1000)],
         [reply(b"1"), echo_binary(b"\xff" + b"\xc0" * 5000), ends(1000)]),
        ([part(BINARY, b""), rest(b""), close(1000)], [echo_binary(b""), ends(1000)]),
        ([part(BINARY, b"a"), Piece(TEXT, b"b")], [fails(1002)]),
        ([part(BINARY, b"a"), Piece(BINARY, b"b")], [fails(1002)]),
    ]),
    ("5.6", "a text after a binary message is UTF-8 again, and a binary one after a text need not be", [
        ([Piece(BINARY, b"\xff"), message("hi"), Piece(BINARY, b"\xfe"), close(1000)],
         [echo_binary(b"\xff"), echo(HI), echo_binary(b"\xfe"), ends(1000)]),
        ([part(BINARY, b"\xe2\x82"), rest(b""), wrong_text(b"\xff")], [echo_binary(b"\xe2\x82"), fails(1007)]),
        ([Piece(BINARY, b"\xff"), part(TEXT, b"a"), rest(b"\xff")], [echo_binary(b"\xff"), fails(1007)]),
    ]),
]  # fmt: skip

# Section of RFC 6455, the rule, and its examples: the pieces sent, what comes back.
RULES = [
    ("5.1", "a client masks, a server does not: the other is 1002", [
        ([message("hi", wrongly=True)], [fails(1002)]),
        ([ping(b"", wrongly=True)], [fails(1002)]),
        ([part(TEXT, HI[:4]), Piece(CONTINUATION, HI[4:], wrongly=True)], [fails(1002)]),
    ]),
    ("5.2", "a reserved bit, of no extension: 1002", [
        ([message("hi", reserved=bits)], [fails(1002)]) for bits in range(1, 8)
    ] + [
        ([ping(b"x", reserved=4)], [fails(1002)]),
        ([Piece(CLOSE, b"", reserved=1)], [fails(1002)]),
        ([part(TEXT, HI[:5]), Piece(CONTINUATION, HI[5:], reserved=2)], [fails(1002)]),
    ]),
    ("5.2", "a reserved opcode: 1002", [
        ([Piece(opcode, payload)], [fails(1002)])
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15) for payload in (b"", b"x")
    ]),
    ("5.2", "a length of 7, 16 and 64 bits, each in its range", [
        ([Piece(TEXT, padded(size)), close(1000)], [echo(padded(size)), ends(1000)])
        for size in (125, 126, 127, 65535, 65536, 65537)
    ]),
    ("5.2", "a length is written in the fewest bytes: else 1002", [
        ([message("hi", form=2)], [fails(1002)]),
        ([message("hi", form=8)], [fails(1002)]),
        ([Length(0x81, 2, 0)], [fails(1002)]),
        ([Length(0x81, 2, 125)], [fails(1002)]),
        ([Length(0x81, 8, 126)], [fails(1002)]),
        ([Length(0x81, 8, 65535)], [fails(1002)]),
    ]),
    ("5.2", "a length has no more than 63 bits", [
        ([Length(0x81, 8, 1 << 63)], [fails(1002)]),
        ([Length(0x81, 8, (1 << 64) - 1)], [fails(1002)]),
    ]),
    ("10.4", "more than is taken is refused when it is announced: 1009", [
        ([Length(0x81, 8, (1 << 63) - 1)], [fails(1009)]),
        ([Length(0x81, 8, 1 << 31)], [fails(1009)]),
        ([part(TEXT, HI[:4]), Length(0x80, 8, 1 << 31)], [fails(1009)]),
    ]),
    ("5.4", "a message in fragments, empty ones among them", [
        ([part(TEXT, HI[:5]), rest(HI[5:]), close(1000)], [echo(HI), ends(1000)]),
        ([part(TEXT, b""), part(CONTINUATION, HI), rest(b""), close(1000)], [echo(HI), ends(1000)]),
        ([*each_byte(WIDE), close(1000)], [echo(WIDE), ends(1000)]),
    ]),
    ("5.4", "control frames between the fragments of a message", [
        ([*each_byte(WIDE, [ping(b"!"), pong(b"?")]), close(1000)],
         [reply(b"!")] * ((len(WIDE) - 2) // 20) + [echo(WIDE), ends(1000)]),
        ([part(TEXT, HI[:5]), close(1000)], [ends(1000)]),
    ]),
    ("5.4", "no other message between the fragments of one: 1002", [
        ([part(TEXT, HI[:5]), message("hi")], [fails(1002)]),
        ([part(TEXT, HI[:5]), part(TEXT, HI)], [fails(1002)]),
        ([part(TEXT, HI[:5]), part(CONTINUATION, b""), message("hi")], [fails(1002)]),
    ]),
    ("5.4", "no continuation of nothing: 1002", [
        ([rest(HI)], [fails(1002)]),
        ([part(CONTINUATION, b"")], [fails(1002)]),
        ([message("hi"), rest(b"")], [echo(HI), fails(1002)]),
        ([ping(b"p"), rest(b"")], [reply(b"p"), fails(1002)]),
    ]),
    ("5.5", "a control frame has at most 125 bytes: else 1002", [
        ([Piece(opcode, b"\x03\xe8" + b"x" * 124)], [fails(1002)]) for opcode in (CLOSE, PING, PONG)
    ] + [
        ([Length(0x80 | opcode, 8, 1 << 20)], [fails(1002)]) for opcode in (CLOSE, PING, PONG)
    ]),
    ("5.5", "a control frame is not fragmented: else 1002", [
        ([part(opcode, payload)], [fails(1002)])
        for opcode, payload in ((CLOSE, b"\x03\xe8"), (PING, b"x"), (PONG, b""))
    ]),
    ("5.5.1", "a Close is answered by one with its code, without the reason", [
        ([close(code, "auf Wiedersehen é".encode())], [ends(code)])
        for code in (1000, 1001, 1003, 1007, 1008, 1011)
    ] + [([close()], [ends(None)]), ([close(1000, b"x" * 123)], [ends(1000)])]),
    ("5.5.1", "what follows a Close is not read", [
        ([close(1000), message("late"), ping(b"late")], [ends(1000)]),
        ([close(1001), Piece(3, b"x")], [ends(1001)]),
        ([close(1000), close(1001)], [ends(1000)]),
    ]),
    ("5.5.1", "a Close has no body, or one of two bytes and more: else 1002", [
        ([Piece(CLOSE, b"\x03")], [fails(1002)]),
    ]),
    ("5.5.1", "the reason of a Close is UTF-8: else 1007", [
        ([close(1000, flaw)], [fails(1007)]) for flaw in NOT_UTF8
    ]),
    ("5.5.2", "a ping is answered with its payload", [
        ([ping(bytes(range(125))), ping(b""), close(1000)], [reply(bytes(range(125))), reply(b""), ends(1000)]),
        ([ping(b"%d" % i) for i in range(10)] + [close(1000)],
         [reply(b"%d" % i) for i in range(10)] + [ends(1000)]),
        ([ping(b"\xff\x00"), close(1000)], [reply(b"\xff\x00"), ends(1000)]),
    ]),
    ("5.5.3", "a pong that nobody asked for is no matter", [
        ([pong(b"x"), pong(b""), message("hi"), close(1000)], [echo(HI), ends(1000)]),
    ]),
    ("5.6", "a text is UTF-8: else 1007", [
        ([wrong_text(flaw)], [fails(1007)]) for flaw in NOT_UTF8
    ]),
    ("5.6", "a code point may be cut by the end of a fragment, not by that of the message", [
        ([part(TEXT, WIDE[:24]), rest(WIDE[24:]), close(1000)], [echo(WIDE), ends(1000)]),
        ([part(TEXT, "€".encode()[:2]), rest(b"")], [fails(1007)]),
        ([part(TEXT, b"\xf0\x9f"), rest(b"\x98")], [fails(1007)]),
    ]),
    ("8.1", "what can be no UTF-8 any more is not waited for", [
        ([part(TEXT, b"a\xc0")], [fails(1007)]),
        ([part(TEXT, b"\xf0\x9f"), part(CONTINUATION, b"\x41")], [fails(1007)]),
        ([Piece(TEXT, b'{"type":"text"\xff' + b"x" * 100, bytes=30)], [fails(1007)]),
        ([Piece(TEXT, b"\xed\xa0" + b"x" * 100, bytes=10)], [fails(1007)]),
    ]),
    REFUSED_BINARY,
    ("6.2", "what came whole before a fault counts", [
        ([message("hi"), message(LONG), Piece(3, b"x")], [echo(HI), echo(text_of(LONG)), fails(1002)]),
    ]),
    ("7.4.1", "a code that no Close carries: 1002", [
        ([close(code)], [fails(1002)])
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    ]),
    ("7.4.2", "a code of IANA's registry, of a library, of an application", [
        ([close(code)], [ends(code)])
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
    ]),
]



def encoded(pieces, masked):
    return b"".join(piece.encode(masked) for piece in pieces)


def split(frames):
    """Sorts frames that came or are expected by kind: pongs may overtake texts, and nothing overtakes a Close."""
    kinds = {}
    for kind, value in frames:
        kinds.setdefault(kind, []).append(value)
    return kinds


def code_of(close_payload):
    return struct.unpack("!H", close_payload[:2])[0] if close_payload else None
