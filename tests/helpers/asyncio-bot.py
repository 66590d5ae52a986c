"""A bot in Python's asyncio, by ctypes: asyncio-bot.py LIBRARY URL QUESTION ANSWER COUNT. It answers
COUNT questions, waits until its answers are accepted, and leaves.

The descriptor of libchat-client is one of the loop's readers; a task of the loop that counts shows that nothing blocks it.
"""
import asyncio
import ctypes
import json
import sys

JOINED, MESSAGE, ACCEPTED, ENDED = 1, 2, 6, 11


class Span(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("len", ctypes.c_size_t)]

    def bytes(self):
        return ctypes.string_at(self.at, self.len)


class Options(ctypes.Structure):
    """The first fields; the size says that there are no more."""

    _fields_ = [("size", ctypes.c_size_t), ("url", ctypes.c_char_p), ("username", ctypes.c_char_p)]


class Event(ctypes.Structure):
    """The first fields."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("own", ctypes.c_bool),
        ("history", ctypes.c_bool),
        ("again", ctypes.c_bool),
        ("text", Span),
        ("msg", ctypes.c_void_p),
        ("id", ctypes.c_char_p),
    ]


def load(path):
    library = ctypes.CDLL(path)
    library.chat_member_open.restype = ctypes.c_void_p
    library.chat_member_open.argtypes = [ctypes.POINTER(Options), ctypes.c_void_p]
    library.chat_member_next.restype = ctypes.POINTER(Event)
    for name in "next", "fd", "free":
        getattr(library, "chat_member_" + name).argtypes = [ctypes.c_void_p]
    library.chat_member_send.argtypes = [ctypes.c_void_p, Span, ctypes.c_uint64, ctypes.c_void_p]
    library.chat_member_close.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    return library


class Bot:
    def __init__(self, library, url, question, answer, count):
        self.library, self.question, self.answer, self.left = library, question, answer, count
        self.ended = asyncio.get_running_loop().create_future()
        options = Options(ctypes.sizeof(Options), url.encode(), b"asyncbot")
        self.member = library.chat_member_open(options, None)
        asyncio.get_running_loop().add_reader(library.chat_member_fd(self.member), self.ready)

    def ready(self):
        while event := self.library.chat_member_next(self.member):
            self.handle(event.contents)

    def handle(self, event):
        if event.type == MESSAGE and not event.own and not event.history:
            if json.loads(event.text.bytes())["content"] == self.question:
                self.say({"type": "text", "text": self.answer, "replyTo": event.id.decode()})
        elif event.type == ACCEPTED:
            self.left -= 1
            if self.left == 0:
                self.library.chat_member_close(self.member, 5000)
        elif event.type == ENDED:
            asyncio.get_running_loop().remove_reader(self.library.chat_member_fd(self.member))
            self.ended.set_result(None)

    def say(self, message):
        line = json.dumps(message).encode()
        span = Span(ctypes.cast(ctypes.c_char_p(line), ctypes.c_void_p), len(line))
        assert self.library.chat_member_send(self.member, span, 1, None) == 0


async def main(path, url, question, answer, count):
    bot = Bot(load(path), url, question, answer, int(count))
    beats = 0
    while not bot.ended.done():
        await asyncio.wait([bot.ended], timeout=0.02)
        beats += 1
    bot.library.chat_member_free(bot.member)
    print("beats %d" % beats)


asyncio.run(main(*sys.argv[1:]))
