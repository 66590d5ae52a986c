"""One allocation fails in a whole session of chat-serve, each in turn.

A connection may be refused or lost, and the server may end with "out of memory". It must not end in another way, let
a peer wait in vain, or show a message that nobody said.

CHAT_TEST_FULL=1 takes each allocation; otherwise a number of them, spread evenly over each session.
"""
import hashlib
import json
import os
import signal
import tempfile

from peer import CLOSE, CONTINUATION, PING, SPECIFIED, TEXT, Peer, conforms, frame
from serving import NotStarted, Server, case, main, running

SHIM = os.path.join(os.environ["PRELOAD"], "alloc.so")
FULL = bool(os.environ.get("CHAT_TEST_FULL"))
RUNS = 150
FILE = {"name": "f", "type": "text/plain", "size": 3, "data": "YWJj" * 5000}
SAID = {
    "/a": {"a one", "a two", "a three", "f", "a again"},
    "/b": {"b one", "b two"},
}

TOKEN = "opensesame"
GONE = (EOFError, OSError)


class Witness:
    """A peer that may lose its connection at any time, and tells what it was told."""

    def __init__(self, url, path, name, **init):
        self.path, self.heard, self.peer = path, [], None
        try:
            self.peer = Peer(url, path)
            self.peer.say({"type": "init", "username": name, "id": "id-" + name, "token": TOKEN, **init})
            if self.until("history", "error") == "error":
                self.peer = None
        except TimeoutError:
            raise AssertionError("%s waits in vain for history" % name) from None
        except GONE:
            self.peer = None

    def until(self, *kinds):
        """Reads on to a message of one of these kinds."""
        while True:
            opcode, payload = self.peer.frame()
            if opcode == CLOSE:
                raise EOFError
            message = json.loads(payload)
            assert conforms(message, SPECIFIED[message["type"]]), message
            self.heard.append(message)
            if message["type"] in kinds:
                return message["type"]

    def does(self, *pieces, kinds=("message", "error")):
        if not self.peer:
            return
        try:
            self.peer.send(*pieces)
            self.until(*kinds)
        except TimeoutError:
            raise AssertionError("nothing comes of %.80r" % (pieces,)) from None
        except GONE:
            self.peer = None

    def says(self, text, **more):
        self.does(frame(TEXT, json.dumps({"type": "text", "text": text, **more})))

    def leaves(self):
        if not self.peer:
            return
        try:
            self.peer.send(frame(PING, b"p"), frame(CLOSE, b"\x03\xe8"))
            while self.peer.frame()[0] != CLOSE:
                pass
        except TimeoutError:
            raise AssertionError("its Close is not answered") from None
        except GONE:
            pass

    def judge(self):
        """Only what was said here, by who said it, in the order of the ids. Returns that."""
        seen = []
        for told in self.heard:
            messages = told.get("messages", []) if told["type"] == "history" else [told]
            for message in messages:
                if message["type"] != "message":
                    continue
                assert message["content"] in SAID[self.path], message
                assert message["sender"] == {"/a": "alice", "/b": "bob"}[self.path], message
                assert "file" not in message or message["file"]["data"] == FILE["data"], message
            ids = [message["id"] for message in messages if message["type"] == "message"]
            assert ids == sorted(set(ids)), ids
            seen += [message for message in messages if message["type"] == "message"]
        return seen


def converse(url):
    witnesses = []

    def comes(*arguments, **init):
        witnesses.append(Witness(url, *arguments, **init))
        return witnesses[-1]

    alice, bob = comes("/a", "alice"), comes("/b", "bob")
    alice.says("a one", nonce="n1")
    bob.says("b one", replyTo="x")
    alice.says("a one", nonce="n1")
    since = next((m["id"] for m in alice.heard if m["type"] == "message"), None)
    half = json.dumps({"type": "text", "text": "a two"})
    alice.does(frame(TEXT, half[:9], fin=False), frame(CONTINUATION, half[9:]))
    alice.does(frame(TEXT, '{"type":"text"}'), frame(TEXT, "no json"), kinds=("error",))
    alice.does(frame(TEXT, json.dumps({"type": "file", "file": FILE, "nonce": "n2"})))
    comes("/a", "carol", presence="hidden").leaves()
    comes("/a", "dora", **({"since": since} if since else {})).leaves()
    comes("/b", "alice", id="id-other").leaves()
    alice.says("a three")
    bob.says("b two")
    alice.leaves()
    comes("/a", "alice").says("a again")
    for witness in witnesses:
        witness.leaves()
    return [message for witness in witnesses for message in witness.judge()]


def check_end(status, errors):
    if status == -signal.SIGABRT:
        assert "chat-serve: out of memory\n" in errors, "it aborted, and did not say why: %r" % errors
    else:
        assert status == 0, "exit status %d: %s" % (status, errors)


def session(options, fail=None):
    """A server and what is said there; the number of its allocations, None where it had no end."""
    count = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "count")
    env = {"LD_PRELOAD": SHIM, "ALLOC_COUNT": count, **({"ALLOC_FAIL": str(fail)} if fail else {})}
    try:
        server = Server(*options, env=env)
    except NotStarted as end:
        if end.status < 64:  # else it has said what it could not do
            check_end(end.status, end.errors)
        return None
    told = converse(server.url)
    if server.process.poll() is None:
        server.signal(signal.SIGTERM)
    check_end(server.wait(), server.errors())
    server.state.close()
    running.remove(server)
    if fail:
        return told
    with open(count) as file:
        return int(file.read())


def at_every_allocation(name, options, after=None):
    """options: a function of a fresh directory."""

    @case("memory runs out: " + name, server=False)
    def _():
        def fresh():
            return options(tempfile.mkdtemp(dir=os.environ["TMP"]))

        total = session(fresh())
        step = 1 if FULL else max(1, total // RUNS)
        print("# %d allocations, every %d. of them fails" % (total, step), flush=True)
        for number in range(1, total + 1, step):
            mine = fresh()
            try:
                told = session(mine, number)
                if after:
                    after(mine, told)
            except Exception as trouble:
                raise AssertionError("allocation %d: %s" % (number, trouble)) from trouble


def tokens_file(dir):
    with open(dir + "/tokens", "w") as file:
        os.fchmod(file.fileno(), 0o600)
        for name in "alice", "bob", "carol", "dora":
            file.write("%s:%s:id-%s\n" % (name, hashlib.sha256(TOKEN.encode()).hexdigest(), name))
    return ["--tokens", dir + "/tokens"]


def is_kept(options, told):
    """Checks that each message that anybody was told is in the journal, once."""
    server = Server(*options)
    for path in SAID:
        kept = [m["id"] for m in server.join("bob" if path == "/b" else "alice", path, token=TOKEN).history["messages"]]
        seen = told and {m["id"] for m in told if m["channel"] == path} or set()
        assert len(kept) == len(set(kept)) and seen <= set(kept), (path, kept, seen)
    server.stop()


at_every_allocation("a server for an afternoon", lambda dir: [])
at_every_allocation(
    "a journal, and tokens",
    lambda dir: ["--journal", dir + "/journal", "--sync", "always", *tokens_file(dir)],
    is_kept,
)
at_every_allocation(
    "TLS", lambda dir: ["--tls-cert", os.environ["TMP"] + "/server.pem", "--tls-key", os.environ["TMP"] + "/server.key"]
)

if __name__ == "__main__":
    main()
