"""chat-serve --journal survives the end of its process and of the power: nothing that anybody was shown is missing.
"""
import os
import random
import tempfile
import time

from journaling import disk, is_ascending, is_valid, messages_of, new_dir, rest, start, texts
from peer import SLOWNESS
from serving import case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SEED = 20261122


def sizes(dir):
    """The sizes of the files in a directory, by name."""
    return {name: os.path.getsize(os.path.join(dir, name)) for name in os.listdir(dir)}


def lose_power(dir, log, rng, before):
    """Bytes that were not synced stay, go, or become zeros, at random; files that were not synced stay or go.
    before: the sizes of what was there before the server started, which is on the disk."""
    synced, unsure = dict(before), set()
    with open(log) as lines:
        for line in lines:
            what, path, size = line.split()
            name = os.path.basename(path)
            if what == "dir":
                unsure.clear()
            elif what == "new":
                unsure.add(name)
                synced[name] = 0
            elif what == "sync":
                synced[name] = max(synced.get(name, 0), int(size))
            elif what == "cut":
                synced[name] = min(synced.get(name, 0), int(size))
    for name in os.listdir(dir):
        path = os.path.join(dir, name)
        size = os.path.getsize(path)
        safe = min(synced.get(name, 0), size)
        if name in unsure and rng.random() < 0.5:
            os.unlink(path)
        elif name.endswith((".ndjson", ".sums")):
            os.truncate(path, rng.randint(safe, size))
            if rng.random() < 0.3:
                os.truncate(path, size)


def crash(sync, rounds, power=False):
    """Servers that end in the middle of their work; nothing that anybody saw may be missing."""
    rng = random.Random(SEED)
    dir, log = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    last, seen, total, slowest = None, [], 0, 0
    options = ["--sync", sync, "--journal-segment", "32k", "--history", "1000"]
    for number in range(rounds + 1):
        begun, before = time.monotonic(), sizes(dir)
        server = start(dir, *options, env=disk(dir, log=log) if power else None)
        listener = server.join("bob", since=last) if last else server.join("bob")
        slowest = max(slowest, time.monotonic() - begun)
        told = listener.history["messages"]
        if last:
            assert listener.history["complete"] is True, "round %d: not complete" % number
        is_ascending(told)
        for messages in seen:
            assert told[: len(messages)] == messages, "round %d: %d of %d were kept\n%s" % (
                number, len(told), len(messages), server.errors())
        total += len(told)
        last = told[-1]["id"] if told else last
        if number == rounds:
            break
        senders = [server.join("user%d" % one) for one in range(3)]
        count = rng.randint(1, 60)
        for one, sender in enumerate(senders):
            sender.send(texts(count, "%d-%d-" % (number, one)))
        heard = messages_of(listener, rng.randint(0, 3 * count))
        server.slay()
        seen = [heard + rest(listener)] + [rest(sender) for sender in senders]
        if not last and not seen[0]:
            seen = []
        if power:
            lose_power(dir, log, rng, before)
            os.unlink(log)
    server.stop()
    is_valid(dir)
    print("# %d messages over %d ends; %.0f ms at most to a history" % (total, rounds, slowest * 1e3), flush=True)
    assert slowest < 0.5 * SLOWNESS or not FULL, "%.3f s to a history" % slowest


@case("kill -9, --sync batch: what was seen is there, once, in its order", server=False)
def _():
    crash("batch", 1000 if FULL else 25)


@case("kill -9, --sync always", server=False)
def _():
    crash("always", 1000 if FULL else 25)


@case("loss of power, --sync always: nothing that was seen is missing", server=False)
def _():
    crash("always", 200 if FULL else 25, power=True)


if __name__ == "__main__":
    main()
