"""A server with a long history, and a client that reads all of it, for the tests of catching up."""
import json
import os
import signal
import tempfile

from peer import TEXT, frame, until
from serving import Server

PAGE = 256 << 10
ID = slice(24, 47)  # of a message, in the bytes of the server


def new_dir():
    return os.path.realpath(tempfile.mkdtemp(dir=os.environ["TMP"]))


def start(dir, *options, **more):
    return Server("--quiet", "--journal", dir, *options, **more)


def say(peer, count, content="x", batch=500):
    """Says so many texts and hears them; their ids."""
    text = frame(TEXT, json.dumps({"type": "text", "text": content}))
    heard = []
    for done in range(0, count, batch):
        now = min(batch, count - done)
        peer.send(text * now)
        while len(heard) < done + now:
            opcode, payload = peer.frame()
            if opcode == TEXT and payload.startswith(b'{"type":"message"'):
                heard.append(payload[ID].decode())
    return heard


def fill(dir, count, *options, content="x"):
    server = start(dir, *options)
    heard = say(server.join("alice"), count, content)
    server.stop()
    return heard


def metrics(server):
    before = server.errors().count('"$metrics"')
    server.signal(signal.SIGUSR1)
    until(lambda: server.errors().count('"$metrics"') > before and server.errors().endswith("}\n"), "metrics")
    return json.loads(server.errors().splitlines()[-1])


def resident(server):
    with open("/proc/%d/status" % server.pid) as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def init(since, name="bob", **more):
    return {"type": "init", "username": name, "id": "id-" + name, "since": since, **more}


class Reader:
    """One who comes back: its pages, their sizes, and what is live."""

    def __init__(self, server, since, name="bob", receive_buffer=None, **more):
        self.peer = server.peer(receive_buffer=receive_buffer, source=more.pop("source", None))
        self.peer.say(init(since, name, **more))
        self.user_data = self.peer.recv("userData")
        self.pages, self.sizes, self.users = [], [], []
        self.live = []

    def page(self):
        """The next one; False once the last has been read."""
        if self.pages and not self.pages[-1].get("more"):
            return False
        message = self.peer.recv()
        if message["type"] == "userData":
            self.users.append(message)
            message = self.peer.recv("history")
        assert message["type"] == "history", message
        assert message.get("more", True) is True, message
        self.pages.append(message)
        self.sizes.append(len(self.peer.raw))
        return True

    def catch_up(self):
        while self.page():
            pass
        return self

    def messages(self):
        return [message for page in self.pages for message in page["messages"]]

    def ids(self):
        return [message["id"] for message in self.messages()] + self.live

    def hear(self, last):
        """Everything live, up to the message with this id."""
        heard = self.ids()[-1]
        while heard != last:
            message = self.peer.recv()
            if message["type"] == "message":
                heard = message["id"]
                self.live.append(heard)
        return self


def complete(reader):
    return [page["complete"] for page in reader.pages]


def gaps(reader, ids, before):
    """How often something is missing, which is said there and nowhere else."""
    count = 0
    for page in reader.pages:
        messages = [message["id"] for message in page["messages"]]
        follows = not messages or ids.index(messages[0]) == ids.index(before) + 1
        assert page["complete"] is follows, (page["complete"], before, messages[:1])
        assert not messages or messages == ids[ids.index(messages[0]) :][: len(messages)]
        before = messages[-1] if messages else before
        count += not follows
    assert reader.live == ids[ids.index(before) + 1 :]
    return count
