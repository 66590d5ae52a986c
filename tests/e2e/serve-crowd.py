"""A hundred clients at once: each gets each message once, in one order; those who join see no gap and no repeat."""
import json
import random
import selectors

from peer import DEADLINE, TEXT, frame, whole_frames
from serving import case, main

CLIENTS = 100
CHANNELS = 10
MESSAGES = 100  # of each client; each goes to the 10 of its channel: 100,000 deliveries
SEND_AT_ONCE = 7


class Member:
    """A client of the crowd, driven by readiness: says its texts as fast as it may, hears all."""

    def __init__(self, server, number, texts, window=10**9):
        self.number = number
        self.channel = "/channel%d" % (number % CHANNELS)
        self.peer = server.peer(self.channel)
        self.sock = self.peer.sock
        self.texts = texts
        self.said = self.echoed = 0
        self.window = window  # texts without an echo yet, at the most
        self.history = None
        self.live = []  # messages heard live
        self.out = bytearray()
        self.queue({"type": "init", "username": "user%d" % number, "id": "u%d" % number})
        self.sock.setblocking(False)

    def queue(self, message):
        self.out += frame(TEXT, json.dumps(message))

    def may_say(self):
        if self.history is None:
            return 0
        return min(SEND_AT_ONCE, self.texts - self.said, self.window - self.said + self.echoed)

    def say_more(self):
        for _ in range(self.may_say()):
            self.queue({"type": "text", "text": "%d %d" % (self.number, self.said)})
            self.said += 1

    def write(self):
        if not self.out:
            self.say_more()
        try:
            del self.out[: self.sock.send(self.out)]
        except BlockingIOError:
            pass

    def wants_to_write(self):
        return bool(self.out) or self.may_say() > 0

    def read(self):
        try:
            piece = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        assert piece, "user%d was cut off" % self.number
        self.peer.got += piece
        for opcode, payload in whole_frames(self.peer.got):
            assert opcode == TEXT, opcode
            self.hear(json.loads(payload))

    def hear(self, message):
        kind = message["type"]
        if kind == "history":
            assert self.history is None
            self.history = message["messages"]
        elif kind == "message":
            assert self.history is not None, "live before history"
            self.live.append((message["id"], message["content"], message["timestamp"]))
            self.echoed += message["senderId"] == "u%d" % self.number
        else:
            assert kind in ("userData", "userStatus"), message


def run(members, done):
    """Reads and writes until done() says so."""
    selector = selectors.DefaultSelector()
    for member in members:
        selector.register(member.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, member)
    while not done():
        ready = selector.select(DEADLINE)
        assert ready, "nothing moves any more"
        for key, events in ready:
            member = key.data
            if events & selectors.EVENT_READ:
                member.read()
            if events & selectors.EVENT_WRITE:
                member.write()
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE * member.wants_to_write())
            if wanted != key.events:
                selector.modify(member.sock, wanted, member)
    selector.close()


def pieces_of(history):
    return [(one["id"], one["content"], one["timestamp"]) for one in history]


@case("100 clients in 10 channels, 100,000 deliveries: each once, in one order", "--history", "0")
def _(server):
    members = [Member(server, number, 0) for number in range(CLIENTS)]
    run(members, lambda: all(member.history is not None for member in members))
    for member in members:
        member.texts = MESSAGES
    wanted = MESSAGES * CLIENTS // CHANNELS
    run(members, lambda: all(len(member.live) >= wanted for member in members))
    assert sum(len(member.live) for member in members) == 100000
    ids = set()
    for channel in range(CHANNELS):
        here = members[channel::CHANNELS]
        first = here[0].live
        assert all(member.live == first for member in here), "one order for all of a channel"
        assert [one[0] for one in first] == sorted(one[0] for one in first), "ids ascend"
        assert [one[2] for one in first] == sorted(one[2] for one in first), "time does not go back"
        for member in here:
            own = [one[1] for one in first if one[1].split()[0] == str(member.number)]
            assert own == ["%d %d" % (member.number, i) for i in range(MESSAGES)], "each once"
        ids |= {one[0] for one in first}
    assert len(ids) == CLIENTS * MESSAGES, "an id is one message's"
    events = server.until_events(CLIENTS * MESSAGES + CLIENTS)
    printed = [event["id"] for event in events if event["type"] == "message"]
    assert sorted(printed) == sorted(ids), "stdout has each once"


@case("joiners in the middle: no gap and no repeat between history and the first live message",
      "--history", "100000", "--history-keep", "100000", "--history-bytes", "64M",
      "--queue", "64M")  # fmt: skip
def _(server):
    speakers = [Member(server, number * CHANNELS, 300, window=3) for number in range(10)]
    members = list(speakers)
    waiting = [number * CHANNELS for number in range(10, 60)]
    total = 10 * 300

    def done():
        heard = max(len(member.live) for member in speakers)
        while waiting and heard >= total * (60 - len(waiting) - 10) // 60:
            newcomer = Member(server, waiting.pop(0), 0)
            members.append(newcomer)
            newcomer.write()
            joined.append(newcomer)
        return bool(joined) or all(complete(member) for member in members)

    def complete(member):
        return member.history is not None and len(member.history) + len(member.live) >= total

    joined = [None]
    while joined:
        joined.clear()
        run(members, done)
    whole = pieces_of(speakers[0].history) + speakers[0].live
    assert len(whole) == len(set(whole)) == total
    seams = set()
    for member in members:
        assert pieces_of(member.history) + member.live == whole, "user%d" % member.number
        seams.add(len(member.history))
    assert len(seams) > 20, "the joiners came at different moments: %r" % sorted(seams)


@case("who resumes with since after a cut, at any moment, has everything once",
      "--history-keep", "100000", "--queue", "64M", "--grace", "0")  # fmt: skip
def _(server):
    chance = random.Random(1)
    speaker = server.join("speaker")
    reader = server.join("reader")
    said = 0
    got = []
    burst = b"".join(
        frame(TEXT, json.dumps({"type": "text", "text": "text %d" % i})) for i in range(40)
    )
    for _ in range(60):
        speaker.send(burst)
        said += 40
        for _ in range(chance.randrange(40)):
            message = reader.recv()
            if message["type"] == "message":
                got.append(message["id"])
        (reader.close, reader.reset)[chance.randrange(2)]()
        since = {"since": got[-1]} if got else {"since": "none"}
        reader = server.join("reader", **since)
        assert reader.history["complete"] is bool(got), reader.history["complete"]
        got += [message["id"] for message in reader.history["messages"]]
        heard = 0
        while heard < 40:
            heard += speaker.recv()["type"] == "message"
    speaker.text("end")
    while (message := reader.recv()).get("content") != "end":
        if message["type"] == "message":
            got.append(message["id"])
    assert len(got) == said and got == sorted(set(got)), (len(got), said)


if __name__ == "__main__":
    main()
