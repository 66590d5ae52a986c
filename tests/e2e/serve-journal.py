"""chat-serve --journal: after a restart the messages, nonces and channels are back, and clients are told what came after `since`;
retention and repair take away only what they should.
"""
import errno
import glob
import json
import os
import signal
import subprocess
import tempfile

from journaling import (
    VALIDATE, disk, fill, history, ids, is_ascending, is_valid, messages_of, new_dir, refuses, segments, start,
    texts)
from limits_table import limits
from peer import TEXT, frame, until
from serving import Server, case, main

# ---- starting ----


@case("history comes back, of every channel; ids go on", server=False)
def _():
    dir = new_dir()
    first = fill(dir, 30)
    second = fill(dir, 30)
    ops = fill(dir, 5, path="/ops")
    told = history(dir)["messages"]
    assert told == first + second
    assert history(dir, path="/ops")["messages"] == ops
    is_ascending(first + second + ops)


@case("what a message says of where it comes from is in the journal, after a restart too", server=False)
def _():
    ways = [{"via": []}, {"via": ["0a1b/ops", "c/"], "hops": 2}, {"hops": 1000}, {"replyTo": "r", "hops": 1},
            {"via": ["a" * 96] * 8, "nonce": "n", "replyTo": "r"}]
    dir = new_dir()
    server = start(dir)
    alice = server.join("alice")
    said = []
    for number, way in enumerate(ways):
        alice.text(str(number), **way)
        said.append(alice.heard(str(number)))
        assert way.items() <= said[-1].items(), (way, said[-1])
    server.slay()
    server = start(dir)
    assert server.join("bob").history["messages"] == said
    assert server.join("carl", since="0").history["messages"] == said
    server.stop()


@case("a second server on a journal: exit status 75", server=False)
def _():
    dir = new_dir()
    server = start(dir)
    assert "another server" in refuses(dir, 75)
    server.stop()


@case("damage in the middle is named, and --repair takes it out", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 60, "--journal-segment", "4k")
    path = segments(dir)[1]
    with open(path, "r+b") as file:
        lines = file.read().split(b"\n")
        lost = json.loads(lines[3])
        lines[3] = lines[3].replace(b'"alice"', b'"elice"')
        file.seek(0)
        file.write(b"\n".join(lines))
    said = refuses(dir, 65)
    assert os.path.basename(path) + ":4:" in said and "--repair" in said, said
    accepted = [message for message in accepted if message["id"] != lost["id"]]
    assert history(dir, "--repair")["messages"] == accepted
    assert history(dir)["messages"] == accepted
    with open(path.replace("ndjson", "damaged")) as file:
        assert json.loads(file.read())["sender"] == "elice"
    is_valid(dir)


@case("damage that no start looks at is not believed by a listener's past", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 60, "--journal-segment", "4k")
    server = start(dir, "--history-keep", "5", "--history", "5")
    path = segments(dir)[1]
    with open(path, "r+b") as file:
        lines = file.read().split(b"\n")
        lost = [json.loads(lines[number])["id"] for number in (3, 4, 7)]
        for number in (3, 4, 7):
            lines[number] = lines[number].replace(b'"alice"', b'"elice"')
        file.seek(0)
        file.write(b"\n".join(lines))
    told = server.join("bob", since=accepted[0]["id"]).history
    assert told["complete"] is False
    assert told["messages"] == [message for message in accepted[1:] if message["id"] not in lost]
    assert server.errors().count("not what was written") == 1, server.errors()
    server.stop()


@case("a nonce is known across a restart", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--history-keep", "1", "--history", "1")
    alice = server.join("alice")
    alice.text("one", nonce='n"1')
    one = alice.heard("one")
    alice.text("two")
    alice.heard("two")
    server.slay()
    server = start(dir, "--history-keep", "1", "--history", "1")
    alice = server.join("alice")
    alice.text("one", nonce='n"1')
    assert alice.recv("message") == one
    alice.quiet()
    server.stop()


@case("a nonce outlives its channel and a restart, and so does what was said with it", server=False)
def _():
    dir = new_dir()
    options = ["--history-keep", "0", "--history", "0", "--grace", "0"]
    server = start(dir, *options)
    alice = server.join("alice", "/brief")
    alice.text("on\u00e9", nonce='n"1')
    first = alice.heard("on\u00e9")
    file = {"type": "file", "nonce": "f", "file": {"name": "f", "type": "t", "size": 3, "data": "YWJj"}}
    alice.say(file)
    second = alice.recv("message")
    for end in "stop", "slay", "stop":
        alice.close()
        getattr(server, end)()
        server = start(dir, *options)
        server.join("bob").leave()
        alice = server.join("alice", "/brief")
        alice.text("on\u00e9", nonce='n"1')
        assert alice.recv() == first
        alice.text("two", nonce='n"1')
        alice.refused("nonce_reused", nonce='n"1')
        alice.say(file)
        assert alice.recv() == second
        alice.say({**file, "file": {**file["file"], "data": "YWJk"}})
        alice.refused("nonce_reused", nonce="f")
    server.stop()


@case("a nonce again while its message waits for the disk: the same, or nonce_reused", server=False)
def _():
    dir, flag, held = (new_dir(), *(tempfile.mktemp(dir=os.environ["TMP"]) for _ in range(2)))
    fault = "fdatasync:1:%d:0:%s" % (errno.EIO, flag)
    server = start(dir, "--sync", "always", env=disk(dir, fault, hold="fdatasync:" + held))
    alice, again, bob = server.join("alice"), server.join("alice"), server.join("bob", presence="hidden")
    open(held, "w").close()
    alice.text("one", nonce="n")
    again.text("one", nonce="n")
    again.text("two", nonce="n")
    again.refused("nonce_reused", nonce="n")
    os.unlink(held)
    first = alice.heard("one")
    assert again.recv() == first and bob.recv() == first
    for path in held, flag:
        open(path, "w").close()
    alice.text("three", nonce="m")
    alice.quiet()
    alice.close()
    again.text("three", nonce="m")
    again.quiet()
    os.unlink(held)
    again.refused("storage_failed", nonce="m")
    os.unlink(flag)
    until(lambda: "can be written again" in server.errors(), "the journal is written again")
    again.text("four", nonce="m")
    again.heard("four"), bob.heard("four")
    server.stop()


# ---- resuming ----


@case("since: beyond the memory, from the journal, and on without a gap", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 3000, "--journal-segment", "64k")
    server = start(dir, "--history-keep", "10")
    bob = server.peer()
    init = {"type": "init", "username": "bob", "id": "b", "since": accepted[100]["id"]}
    bob.send(frame(TEXT, json.dumps(init)), texts(1, "mine"))
    bob.recv("userData")
    told = bob.past()
    if len(told["messages"]) == len(accepted) - 101:
        told["messages"].append(bob.recv("message"))
    assert told["messages"].pop()["content"] == "mine0"
    assert told["complete"] is True and told["messages"] == accepted[101:], len(told["messages"])
    alice = server.join("alice", since=accepted[-1]["id"])
    assert len(alice.history["messages"]) == 1 and alice.history["complete"] is True
    carl = server.join("carl", since=accepted[2995]["id"])
    assert carl.history["messages"][:-1] == accepted[2996:]
    told = server.join("dora", "/other", since=accepted[5]["id"]).history
    assert told == {"type": "history", "messages": [], "complete": True}, told
    told = server.join("emil", since="ffffffffffff-0000000001").history
    assert told["complete"] is False
    server.stop()


@case("since: while others speak, each message once", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 2000)
    server = start(dir, "--history-keep", "10")
    alice = server.join("alice")
    bobs = []
    for number in range(20):
        bob = server.peer()
        bob.say({"type": "init", "username": "bob%d" % number, "id": "b%d" % number,
                 "presence": "hidden", "since": accepted[number]["id"]})
        alice.send(texts(50, "live%d-" % number))
        bobs.append(bob)
    live = messages_of(alice, 1000)
    for number, bob in enumerate(bobs):
        bob.recv("userData")
        told = bob.past()
        assert told["complete"] is True
        got = told["messages"]
        while len(got) < 3000 - number - 1:
            got.append(bob.recv("message"))
        assert got == (accepted + live)[number + 1 :]
    server.stop()


# ---- recalling ----


def forgotten(dir, *options, env=None):
    """A server that does not remember the channels of its journal any more."""
    server = start(dir, *options, "--max-channels", "2", "--grace", "0", env=env)
    for number in range(2):
        peer = server.join("alice", "/%d" % number)
        peer.text("hi")
        peer.heard("hi")
        peer.leave()
    return server


@case("what was said in a forgotten channel is recalled for who comes", server=False)
def _():
    for segment, count in ("1M", 20), ("4k", 20), ("4k", 200), ("64k", 2000):
        dir = new_dir()
        options = ["--journal-segment", segment]
        said = fill(dir, count, *options, path="/old")
        server = forgotten(dir, *options)
        for name in "bob", "carl":
            told = server.join(name, "/old").history
            assert told == {"type": "history", "messages": said[-50:]}, (segment, count, len(told["messages"]))
        dora = server.join("dora", "/old", since=said[0]["id"])
        assert dora.history["messages"] == said[1:] and dora.history["complete"] is True
        assert server.join("emil", "/never").history["messages"] == []
        dora.text("now")
        now = dora.heard("now")
        assert server.join("fred", "/old").history["messages"] == (said + [now])[-50:]
        server.stop()
        is_valid(dir)


@case("a channel that the start had no room for is recalled as well", server=False)
def _():
    dir = new_dir()
    said = {path: fill(dir, 5, path=path) for path in ("/a", "/b", "/c", "/d")}
    server = start(dir, "--max-channels", "2", "--grace", "0")
    for path in [*said, *said]:
        peer = server.join("zoe", path)
        assert peer.history["messages"] == said[path], path
        peer.leave()
    server.stop()


@case("who waits for it gets what is said meanwhile behind it, once", server=False)
def _():
    dir, held = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    said = fill(dir, 10, path="/old")
    server = forgotten(dir, env=disk(dir, hold="open:" + held))
    open(held, "w").close()
    bob = server.peer("/old")
    init = {"type": "init", "username": "bob", "id": "b"}
    bob.send(frame(TEXT, json.dumps(init)), texts(2, "mine"))
    bob.recv("userData")
    gone = server.peer("/old")
    gone.say({"type": "init", "username": "gone", "id": "g"})
    gone.recv("userData")
    bob.text("again", nonce="n"), bob.text("again", nonce="n")
    gone.close()
    bob.quiet()
    os.unlink(held)
    told = bob.recv()
    while told["type"] != "history":  # who was there has changed
        told = bob.recv()
    assert told == {"type": "history", "messages": said}, told
    assert [message["content"] for message in messages_of(bob, 3)] == ["mine0", "mine1", "again"]
    carl = server.join("carl", "/old")
    assert [message["content"] for message in carl.history["messages"][-3:]] == ["mine0", "mine1", "again"]
    assert carl.history["messages"][:-3] == said
    bob.text("end")
    messages_of(bob, 1), carl.heard("end")
    server.stop()


@case("of a damaged past what is newer than the damage is recalled", server=False)
def _():
    dir = new_dir()
    said = fill(dir, 60, "--journal-segment", "4k", path="/old")
    server = forgotten(dir, "--journal-segment", "4k")
    path = segments(dir)[1]
    with open(path, "r+b") as file:
        lines = file.read().split(b"\n")
        lost = json.loads(lines[3])["id"]
        lines[3] = lines[3].replace(b'"alice"', b'"elice"')
        file.seek(0)
        file.write(b"\n".join(lines))
    told = server.join("bob", "/old").history["messages"]
    assert told == said[ids(said).index(lost) + 1 :], len(told)
    server.stop()


# ---- segments ----


@case("retention removes what is over, never what --history needs", server=False)
@limits("--journal-segment", "--journal-max-bytes")
def _():
    dir = new_dir()
    options = ["--journal-segment", "8k", "--journal-max-bytes", "40k", "--history", "5"]
    quiet = fill(dir, 7, *options, path="/quiet")
    accepted = fill(dir, 3000, *options)
    fill(dir, 1, *options, path="/other")
    size = sum(os.path.getsize(path) for path in segments(dir))
    assert size < 80000, size
    assert history(dir, path="/quiet")["messages"][-5:] == quiet[-5:]
    told = history(dir, since=accepted[10]["id"])
    assert told["complete"] is False
    kept = set(ids(told["messages"]))  # one segment is there for /quiet alone
    assert told["messages"] == [message for message in accepted if message["id"] in kept]
    assert 5 <= len(kept) < 1000 and told["messages"][-5:] == accepted[-5:], len(kept)
    is_valid(dir)


@case("what is older than it may be is removed, but for the segment that is written", server=False)
@limits("--journal-max-age")
def _():
    dir = new_dir()
    accepted = fill(dir, 500, "--journal-segment", "8k", "--journal-max-age", "1ms", "--history", "0")
    until(lambda: start(dir, "--journal-max-age", "1ms", "--history", "0").stop() or len(segments(dir)) == 1, "one stays")
    told = history(dir, since=accepted[0]["id"])
    assert told["complete"] is False and told["messages"] == accepted[len(accepted) - len(told["messages"]) :], told


@case("a segment is a log: chat-validate accepts it, chat-send --replay says it again", server=False)
def _():
    dir = new_dir()
    fill(dir, 50)
    first = segments(dir)[0]
    validated = subprocess.run([VALIDATE, "--from", "server", "--state", "--strict", first],
                               stdout=subprocess.PIPE)
    assert validated.returncode == 0, validated.stdout
    with open(first) as file:
        said = [json.loads(line).get("content") for line in file][1:]
    assert len(said) == 50
    server = Server()
    replayed = subprocess.run([os.path.join(os.environ["BUILD"], "chat-send"), "-U", server.url, "--replay", first],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert replayed.returncode == 0
    assert [json.loads(line)["content"] for line in replayed.stdout.splitlines()] == said
    assert [event["content"] for event in server.events() if event["type"] == "message"] == said
    server.stop()


@case("SIGUSR2 closes the segment and begins another", server=False)
def _():
    dir = new_dir()
    server = start(dir)
    alice = server.join("alice")
    alice.text("one")
    one = alice.heard("one")
    server.signal(signal.SIGUSR2)
    until(lambda: os.path.exists(dir + "/00000001.index"), "the segment is closed")
    alice.text("two")
    two = alice.heard("two")
    server.stop()
    assert len(segments(dir)) == 2
    for path, message in zip(segments(dir), (one, two)):
        with open(path) as file:
            assert [json.loads(line) for line in file][1:] == [message]
    assert history(dir)["messages"] == [one, two]


@case("indexes and checksums can be lost", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 200, "--journal-segment", "8k")
    for path in glob.glob(dir + "/*.index") + glob.glob(dir + "/*.sums"):
        os.unlink(path)
    server = start(dir, "--history", "1000")
    assert server.join("bob").history["messages"] == accepted
    assert "00000001.sums is missing" in server.errors(), server.errors()
    server.stop()
    assert history(dir)["messages"] == accepted


if __name__ == "__main__":
    main()
