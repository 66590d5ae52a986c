"""chat-serve sends a client that comes back the whole past, in pages, at the client's speed."""
import base64
import os
import threading
import time

from catching_up import PAGE, Reader, complete, fill, gaps, init, new_dir, say, start
from limits_table import limits
from peer import until
from serving import case, main

# ---- whole ----


@case("60,000 behind, with a journal: all of it, in order, once, while others talk", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 60000, "--journal-segment", "4M", "--history-keep", "100")
    server = start(dir, "--journal-segment", "4M", "--history-keep", "100")
    alice = server.join("alice")
    readers = [Reader(server, since, "bob%d" % n) for n, since in enumerate((ids[0], ids[12345], "0"))]
    for reader in readers:
        reader.page()
    ids += say(alice, 2000)
    for reader in readers:
        reader.catch_up()
    ids += say(alice, 10)
    for reader, first in zip(readers, (1, 12346, 0)):
        reader.hear(ids[-1])
        assert reader.ids() == ids[first:], "%d of %d" % (len(reader.ids()), len(ids) - first)
        assert len(reader.live) < 2010 and all(complete(reader))
        assert max(reader.sizes) < PAGE + 1000 and len(reader.pages) > 30, (max(reader.sizes), len(reader.pages))
    server.stop()


@case("who comes back while others never pause is live in the end, even where nothing is remembered", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 5000, "--history-keep", "0")
    server = start(dir, "--history-keep", "0", "--journal-segment", "256k")
    alice, over = server.join("alice"), threading.Event()

    def talk():
        while not over.is_set():
            ids.extend(say(alice, 50, batch=50))

    readers = []
    talking = threading.Thread(target=talk)
    talking.start()
    try:
        until(lambda: len(ids) > 6000, "alice talks")
        for number in range(5):
            readers.append(Reader(server, ids[number], "bob%d" % number).catch_up())
            there = len(ids)
            until(lambda: len(ids) > there + 200, "alice goes on")
    finally:
        over.set()
        talking.join()
    for number, reader in enumerate(readers):
        assert reader.hear(ids[-1]).ids() == ids[number + 1 :] and all(complete(reader))
    assert min(len(reader.live) for reader in readers) > 0
    server.stop()


@case("without a journal: all that is kept, or complete false where it begins", "--history-keep", "20000")
def _(server):
    alice = server.join("alice")
    ids = say(alice, 20000)
    reader = Reader(server, "0").catch_up()
    assert reader.ids() == ids and all(complete(reader)) and len(reader.pages) > 5, len(reader.pages)
    ids += say(alice, 5000)
    for since, first in ((ids[4999], 5000), (ids[6000], 6001), (ids[-1], len(ids))):
        reader = Reader(server, since).catch_up()
        assert reader.ids() == ids[first:] and all(complete(reader)), since
    for since in (ids[0], ids[4998], "0"):
        reader = Reader(server, since).catch_up()
        assert reader.ids() == ids[5000:]
        assert not complete(reader)[0] and all(complete(reader)[1:]), complete(reader)


@case("without a journal, forgotten while it is read: complete false just where it is missing",
      "--history-keep", "8000", "--queue", "16M")  # fmt: skip
def _(server):
    alice = server.join("alice")
    ids = say(alice, 8000, "x" * 900)
    slow = Reader(server, ids[0], receive_buffer=4096)
    slow.page()
    ids += say(alice, 8000, "x" * 900)
    slow.catch_up().hear(ids[-1])
    assert gaps(slow, ids, ids[0]) >= 1


@case("nothing was removed: the beginning is complete; retention takes that away, also under a reader", server=False)
def _():
    dir = new_dir()
    options = ["--journal-segment", "256k", "--history", "5", "--history-keep", "5"]
    ids = fill(dir, 10000, *options, content="x" * 900)
    server = start(dir, *options)
    reader = Reader(server, "0").catch_up()
    assert reader.ids() == ids and all(complete(reader))
    server.stop()
    server = start(dir, *options, "--journal-max-bytes", "8M")
    reader = Reader(server, "0").catch_up()
    first = ids.index(reader.ids()[0])
    assert first > 0 and reader.ids() == ids[first:]
    assert not complete(reader)[0] and all(complete(reader)[1:])
    slow = Reader(server, ids[first], receive_buffer=4096)
    slow.page()
    ids += say(server.join("alice"), 20000, "x" * 900)  # more than sockets and queues hold of the past
    slow.catch_up().hear(ids[-1])
    assert gaps(slow, ids, ids[first]) >= 1
    server.stop()


@case("who does not know `more` sees histories as the specification has them, and then what is live", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 12000, "--history-keep", "50")
    server = start(dir, "--history-keep", "50")
    bob = server.peer()
    bob.say(init(ids[0]))
    assert bob.recv("userData")["users"]
    ids += say(server.join("alice"), 10)
    got, histories = [], 0
    while not got or got[-1] != ids[-1]:
        message = bob.recv()  # which conforms to the specification
        assert message["type"] in ("history", "message", "userData"), message
        histories += message["type"] == "history"
        got += [one["id"] for one in message.get("messages", [message] if message["type"] == "message" else [])]
    assert got == ids[1:] and histories > 2, (len(got), histories)
    server.stop()


@case("from a time on: segments that end before it are left out, and nothing that was said then or later", server=False)
def _():
    dir = new_dir()
    options = ["--journal-segment", "256k", "--history", "5", "--history-keep", "5"]
    fill(dir, 3000, *options, content="x" * 900)
    said_ms = int(time.time() * 1000)
    until(lambda: time.time() * 1000 > said_ms + 1, "the next millisecond")
    ids = fill(dir, 2000, *options, content="x" * 900)
    server = start(dir, *options)
    reader = Reader(server, "0", sinceTime=said_ms + 1).catch_up()
    assert "sinceTime" in reader.user_data["server"]["features"]
    old = [message for message in reader.messages() if message["timestamp"] <= said_ms]
    assert reader.ids()[len(old) :] == ids and len(old) < 300 and all(complete(reader)), len(old)
    whole = Reader(server, "0").catch_up().ids()
    assert Reader(server, "0", sinceTime=1).catch_up().ids() == whole and len(whole) == 5000
    for time_ms in ("tomorrow", 1.5, None, 10**30, -1, -(10**30)):
        assert Reader(server, "0", sinceTime=time_ms).catch_up().ids() == whole, time_ms
    assert Reader(server, whole[10], sinceTime=said_ms).catch_up().ids() == whole[11:]
    last = Reader(server, "0", sinceTime=2**62).catch_up().ids()
    assert last == whole[len(whole) - len(last) :]
    server.stop()
    server = start(dir, *options, "--journal-max-bytes", "1M")
    reader = Reader(server, "0", sinceTime=said_ms + 1).catch_up()
    assert not complete(reader)[0] and reader.ids() == ids[-len(reader.ids()) :], "what was removed is missed"
    newest = reader.messages()[-1]["timestamp"]
    assert all(complete(Reader(server, "0", sinceTime=newest).catch_up())), "what is older is not"
    server.stop()


@case("what userData calls `since` asks for all that is said from then on", server=False)
def _():
    dir = new_dir()
    options = ["--journal-segment", "256k", "--history", "0", "--history-keep", "5"]

    def meet(server, path):
        bob = server.join("bob", path)
        return bob.user_data["server"]["since"], bob

    server = start(dir, *options)
    since, bob = meet(server, "/")
    ids = say(bob, 300)
    reader = Reader(server, since).catch_up()
    assert reader.ids() == ids and all(complete(reader)), "where nothing was said before"
    since, bob = meet(server, "/")
    server.stop()
    server = start(dir, *options)
    assert (Reader(server, since).catch_up().pages[0]["messages"], meet(server, "/")[0]) == ([], since)
    ids = say(server.join("alice"), 300)
    reader = Reader(server, since).catch_up()
    assert reader.ids() == ids and all(complete(reader)), "over a restart"
    say(server.join("alice", "/much"), 9000, "x" * 900)
    server.stop()
    server = start(dir, *options, "--journal-max-bytes", "2M")
    since, bob = meet(server, "/new")
    say(server.join("alice", "/much"), 20)
    ids = say(bob, 60)
    bob.leave()
    reader = server.join("bob", "/new", since=since)
    assert [message["id"] for message in reader.history["messages"]] == ids and reader.history["complete"], \
        "where others' messages were removed before"
    server.stop()


@case("files come whole, a large one alone; one above --queue without its data", server=False)
@limits("bytes of a page of the past, unless its only message is larger")
def _():
    dir = new_dir()
    server = start(dir, "--max-message", "2M")
    alice = server.join("alice")
    sizes = [1000, 300000, 1000, 1000, 900000, 1000, 1500000, 300]
    sent = []
    for number, size in enumerate(sizes):
        data = base64.b64encode(os.urandom(size)).decode()
        sent.append({"name": "f%d" % number, "type": "t", "size": size, "data": data})
        alice.say({"type": "file", "file": sent[-1]})
        assert alice.recv("message")["file"] == sent[-1]
    server.stop()
    for options in (["--history-keep", "1"], []):
        server = start(dir, "--queue", "1500k", *options)
        reader = Reader(server, "0").catch_up()
        got = [message["file"] for message in reader.messages()]
        omitted = {"name": "f6", "type": "t", "size": sizes[6], "omitted": True}
        assert got == sent[:6] + [omitted] + sent[7:], [file.get("omitted") for file in got]
        for page in reader.pages:
            large = [file for message in page["messages"] if len((file := message["file"]).get("data", "")) > PAGE]
            assert not large or len(page["messages"]) == 1, [message["file"]["name"] for message in page["messages"]]
        assert all(complete(reader))
        server.stop()


# ---- a member all the time ----


@case("on the way it is a member: seen, heard, answered once; who came meanwhile is told before the last page",
      server=False)  # fmt: skip
def _():
    dir = new_dir()
    ids = fill(dir, 10000, "--history-keep", "10", content="x" * 900)
    server = start(dir, "--history-keep", "10", "--grace", "0")
    alice = server.join("alice")
    bob = Reader(server, ids[0], receive_buffer=4096)
    alice.status("bob", True)
    assert [user["username"] for user in bob.user_data["users"]] == ["alice", "bob"]
    assert "more" in bob.user_data["server"]["features"]
    bob.peer.text("mine", nonce="n1")
    mine = alice.heard("mine")
    bob.peer.text("mine", nonce="n1")
    bob.peer.text("mine", nonce="n1")
    bob.peer.text("twice", nonce="n2")
    bob.peer.text("twice", nonce="n2")
    twice = alice.heard("twice")
    bob.peer.say("nonsense")
    carl = server.join("carl")
    alice.status("carl", True)
    assert len(carl.user_data["users"]) == 3
    alice.quiet()
    bob.pages, got, again = [], [], []
    while len(again) < 3 or bob.pages[-1].get("more"):
        message = bob.peer.recv()
        got.append(message["type"])
        if message["type"] == "history":
            bob.pages.append(message)
        elif message["type"] == "userData":
            bob.users.append(message)
        elif message["type"] == "message":
            assert message["id"] in bob.ids(), "before its place"
            again.append(message)
        else:
            assert message["code"] == "bad_json", message
    assert bob.ids() == ids[1:] + [mine["id"], twice["id"]] and all(complete(bob)), len(bob.ids())
    assert sorted(again, key=lambda message: message["id"]) == [mine, mine, twice]
    assert got.count("userData") == got.count("error") == 1, got
    assert not [kind for kind in got[got.index("userData") :] if kind not in ("userData", "history", "message")]
    assert got[got.index("userData") :].count("history") == 1, got
    assert [user["username"] for user in bob.users[0]["users"]] == ["alice", "bob", "carl"]
    assert "server" not in bob.users[0]
    bob.peer.text("mine", nonce="n1")
    assert bob.peer.heard("mine") == mine
    alice.text("live")
    bob.peer.heard("live")
    server.stop()


@case("who was told the same meanwhile is not told again who is there", "--history-keep", "20000")
def _(server):
    alice = server.join("alice")
    ids = say(alice, 10000)
    bob = Reader(server, ids[0], receive_buffer=4096)
    alice.status("bob", True)
    ids += say(alice, 10)
    bob.catch_up().hear(ids[-1])
    assert bob.ids() == ids[1:] and not bob.users


if __name__ == "__main__":
    main()
