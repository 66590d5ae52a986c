"""Several threads share a journal (--loops with --journal): nothing that anybody was shown is missing after kill -9, and the
files are the same for any number of threads.
"""
import errno
import json
import os
import random
import signal
import tempfile

from journaling import (
    disk, get, held, ids, is_ailing, is_ascending, is_valid, messages_of, monitored, new_dir, newest, past, rest, say, segments,
    start, texts)  # fmt: skip
from peer import until
from serving import Server, case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SEED = 20261128
CHANNELS = ["/room-%d" % number for number in range(12)]  # some on each of 4 threads, but for one time in many
WHOLE = ["--history", "1000", "--history-bytes", "1G"]


def is_one_order(dir):
    """The ids ascend in the files as a whole, whichever thread the messages are from."""
    is_valid(dir)
    written = []
    for path in segments(dir):
        with open(path) as file:
            written += [line["id"] for line in map(json.loads, file) if line["type"] == "message"]
    assert written == sorted(set(written)), "the ids do not ascend in the files"
    return written


def crash(sync, rounds, *loops):
    """Servers that end in the middle of their work, each with one of these numbers of loops."""
    rng = random.Random(SEED)
    dir = new_dir()
    last, seen, total = {}, {}, 0
    for number in range(rounds + 1):
        server = start(dir, "--sync", sync, "--journal-segment", "32k", "--loops", str(rng.choice(loops)), *WHOLE)
        listeners = {}
        for path in CHANNELS:
            listener = listeners[path] = server.join("bob", path, **({"since": last[path]} if path in last else {}))
            told = listener.history["messages"]
            is_ascending(told)
            assert path not in last or listener.history["complete"] is True, (number, path)
            for messages in seen.get(path, []):
                assert told[: len(messages)] == messages, "round %d, %s: %d of %d were kept\n%s" % (
                    number, path, len(told), len(messages), server.errors())  # fmt: skip
            total += len(told)
            last.update({path: told[-1]["id"]} if told else {})
        if number == rounds:
            break
        senders = {path: server.join("alice", path) for path in CHANNELS}
        count = rng.randint(1, 40)
        for path, sender in senders.items():
            sender.send(texts(count, "%d%s-" % (number, path)))
        heard = {path: messages_of(listeners[path], rng.choice([0, count])) for path in rng.sample(CHANNELS, 3)}
        server.slay()
        seen = {path: [heard.get(path, []) + rest(listeners[path]), rest(senders[path])] for path in CHANNELS}
        seen = {path: messages for path, messages in seen.items() if path in last or messages[0]}
    server.stop()
    is_one_order(dir)
    assert total, "nothing was kept"
    print("# %d messages over %d ends" % (total, rounds), flush=True)


for sync, *loops in (
    ("batch", 2), ("always", 4), *((("batch", 4), ("always", 2), ("batch", 1, 2, 4), ("always", 1, 2, 4)) if FULL else ())
):  # fmt: skip

    @case("kill -9, --sync %s, --loops %r: what was seen is there, once, in its order" % (sync, loops), server=False)
    def _(sync=sync, loops=loops):
        crash(sync, 100 if FULL else 4, *loops)


@case("a directory moves between numbers of threads: history, since, nonces, replyTo, the order of ids", server=False)
def _():
    dir = new_dir()
    said = {path: [] for path in CHANNELS}
    for loops in 2, 1, 4, 2, 3:
        server = start(dir, "--journal-segment", "4k", "--loops", str(loops), *WHOLE)
        for path, before in said.items():
            peer = server.join("alice", path, id="a")
            assert peer.history["messages"] == before, (loops, path)
            if before:
                assert past(server, path, before[1]["id"])["messages"] == before[2:], (loops, path)
                peer.text("first %s" % path, nonce="n")
                assert peer.recv("message") == before[0], "the nonce is known"
            for number in range(6):
                nonce = {"nonce": "n"} if not before else {}
                reply = {"replyTo": before[0]["id"]} if before else {}
                word = "first %s" % path if not before else "%d %d" % (loops, number)
                peer.text(word, **nonce, **reply)
                before.append(peer.heard(word))
                assert reply.items() <= before[-1].items()
        if loops == 3:
            server.slay()
        else:
            server.stop()
    written = is_one_order(dir)
    assert sorted(written) == sorted(id for messages in said.values() for id in ids(messages))


@case("the past is read from closed segments for every thread, page by page", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--journal-segment", "4k", "--loops", "2", "--history-keep", "2", "--history", "2")
    said = {path: say(server, path, 60, "x") for path in CHANNELS[:6]}
    assert len(segments(dir)) > 5
    for again in range(2):
        for path, messages in said.items():
            told = past(server, path)
            assert (told["messages"], told["complete"]) == (messages, True), path
            assert past(server, path, messages[40]["id"])["messages"] == messages[41:], path
            assert server.join("carl", path, presence="hidden").history["messages"] == messages[-2:], path
        server.stop()
        server = start(dir, "--loops", "4", "--history-keep", "2", "--history", "2")
    assert server.join("dave", "/never-used").history["messages"] == []
    server.stop()


@case("channels without memory get their newest messages from the journal", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--loops", "2", "--history-memory", "0", "--grace", "0")
    said = {}
    for path in CHANNELS:
        peer = server.join("alice", path)
        peer.text("in " + path)
        said[path] = [peer.heard("in " + path)]
        peer.leave()
    for path in CHANNELS:
        peer = server.join("alice", path)
        assert peer.history["messages"] == said[path], path
        peer.leave()
    server.stop()


@case("--journal-max-messages and --journal-max-bytes hold for the channels of all threads", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--loops", "2", "--journal-segment", "4k", "--journal-max-messages", "10", "--journal-max-bytes", "64k")
    said = {path: say(server, path, 80, "y") for path in CHANNELS[:4]}
    for path, messages in said.items():
        newest(server, path, messages, 10)
    assert sum(os.path.getsize(path) for path in segments(dir)) <= 2 * 65536
    server.stop()


@case("SIGTERM while the disk is slow: what was accepted is stored, then heard by all, then they are told", server=False)
def _():
    dir = new_dir()
    flag, env = held(dir)
    server = start(dir, "--sync", "always", "--loops", "2", env=env)
    peers = {path: server.join("alice", path) for path in CHANNELS}
    open(flag, "w").close()
    for peer in peers.values():
        peer.text("last words")
    for peer in peers.values():
        peer.quiet()
    server.signal(signal.SIGTERM)
    os.unlink(flag)
    heard = {}
    for path, peer in peers.items():
        heard[path] = peer.heard("last words")
        peer.refused("shutting_down", fatal=True)
        peer.closes(1001)
    server.stop()
    assert sorted(is_one_order(dir)) == sorted(message["id"] for message in heard.values())


@case("a second SIGTERM: what is stored then is on stdout, of the channels of all threads", server=False)
def _():
    dir = new_dir()
    flag, env = held(dir)
    monitor = os.path.join(new_dir(), "metrics")
    server = Server("--journal", dir, "--sync", "always", "--loops", "2", "--close-timeout", "1h",
                    "--metrics", "unix:" + monitor, env=env)  # fmt: skip
    server.monitor = monitor
    peers = [server.join("alice", path) for path in CHANNELS]
    open(flag, "w").close()
    for peer in peers:
        peer.text("last words")
        peer.quiet()
    server.signal(signal.SIGTERM)
    until(lambda: is_ailing(server, "shutting down"), "it drains")
    server.signal(signal.SIGTERM)
    os.unlink(flag)
    assert server.wait() == 0, server.errors()
    assert sorted(event["channel"] for event in server.events() if event["type"] == "message") == sorted(CHANNELS)
    assert len(is_one_order(dir)) == len(CHANNELS)


@case("a disk that fails: the members of all threads are told, the monitor too, and it goes on afterwards", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    server = monitored(dir, "--loops", "2", env=disk(dir, "write:1:%d:0:%s" % (errno.ENOSPC, flag)))
    peers = {path: server.join("alice", path) for path in CHANNELS}
    open(flag, "w").close()
    for peer in peers.values():
        peer.text("lost", nonce="1")
        peer.refused("storage_failed", nonce="1")
    until(lambda: get(server, "/healthz")[0] == 503, "the monitor says so")
    os.unlink(flag)
    until(lambda: get(server, "/healthz")[0] == 200, "the journal is written again")
    kept = {}
    for path, peer in peers.items():
        peer.text("kept", nonce="1")
        kept[path] = peer.heard("kept")
    server.stop()
    assert sorted(is_one_order(dir)) == sorted(message["id"] for message in kept.values())


@case("SIGUSR2 begins a new segment", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--loops", "2")
    for path in CHANNELS[:4]:
        say(server, path, 1, "z")
    before = len(segments(dir))
    server.signal(signal.SIGUSR2)
    until(lambda: len(segments(dir)) > before, "there is another segment")
    for path in CHANNELS[:4]:
        assert len(past(server, path)["messages"]) == 1
    server.stop()


@case("--stdin: the lines of all channels are stored", server=False)
def _():
    dir = new_dir()
    path = os.path.join(os.environ["TMP"], "loops-journal-lines")
    with open(path, "w") as file:
        file.writelines('{"type":"text","text":"x","channel":"%s"}\n' % channel for channel in CHANNELS * 10)
    with open(path) as file:
        server = start(dir, "--loops", "2", "--stdin", stdin=file)
    until(lambda: all(len(past(server, channel)["messages"]) == 10 for channel in CHANNELS), "all are stored")
    server.stop()


if __name__ == "__main__":
    main()
