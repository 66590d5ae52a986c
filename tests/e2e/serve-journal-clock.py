"""chat-serve --journal with a clock that is wrong: timestamps never go back, and nothing is pinned to a time to come.
"""
import os
import signal
import tempfile
import time

from journaling import disk, new_dir, start
from peer import until
from serving import case, main

DAY, YEAR = 86400, 365 * 86400


def wrong_clock(flag, seconds):
    """The environment of a server whose clock is ahead while this file exists."""
    return {**disk(""), "LD_PRELOAD": os.path.join(os.environ["PRELOAD"], "clock.so"),
            "CLOCK_AHEAD": "%s:%d" % (flag, seconds)}


def says(peer, text="hi"):
    """The timestamp of what it says, in seconds from now."""
    peer.text(text)
    return peer.heard(text)["timestamp"] / 1000 - time.time()


@case("a clock that was ten years ahead pins no timestamp, and is spoken of", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    open(flag, "w").close()
    server = start(dir, env=wrong_clock(flag, 10 * YEAR))
    alice = server.join("alice")
    assert says(alice) > 9 * YEAR
    os.unlink(flag)
    until(lambda: "the clock was set back by more than a day" in server.errors(), "it is said")
    assert abs(says(alice)) < 60 and abs(says(alice)) < 60
    assert server.errors().count("the clock was set back") == 1, server.errors()
    open(flag, "w").close()
    until(lambda: says(alice) > 9 * YEAR, "the clock is ahead again")
    server.slay()
    server = start(dir)
    assert "more than a day ahead of the clock" in server.errors(), server.errors()
    alice, bob = server.join("alice"), server.join("bob", "/other")
    assert abs(says(alice)) < 60 and abs(says(bob)) < 60
    server.stop()


@case("a clock that is set back by an hour takes no timestamp back", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    options = ["--history-keep", "0", "--history", "0", "--grace", "0"]
    open(flag, "w").close()
    server = start(dir, *options, env=wrong_clock(flag, 3600))
    alice, bob = server.join("alice", "/long"), server.join("bob", "/brief")
    alice.text("one"), bob.text("one")
    times = alice.heard("one")["timestamp"], bob.heard("one")["timestamp"]
    bob.leave()
    os.unlink(flag)

    def clock():
        carl = server.join("carl", "/other")
        carl.leave()
        return carl.user_data["users"][0]["lastActive"] / 1000

    until(lambda: clock() < time.time() + 60, "the clock is right")
    for end in False, True:
        alice.text("two")
        assert alice.heard("two")["timestamp"] == times[0]
        bob = server.join("bob", "/brief")
        bob.text("two")
        assert bob.heard("two")["timestamp"] >= times[1]
        if not end:
            alice.close(), bob.close()
            server.slay()
            server = start(dir, *options)
            alice = server.join("alice", "/long")
            times = (max(times),) * 2
    server.stop()


@case("nonces of a time to come are forgotten in theirs", "--nonce-time", "1s", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    open(flag, "w").close()
    server = start(dir, env=wrong_clock(flag, 10 * YEAR))
    alice = server.join("alice")
    alice.text("hi", nonce="n")
    first = alice.heard("hi")
    server.stop()
    server = start(dir, "--nonce-time", "1s")
    alice = server.join("alice")

    def again():
        alice.text("hi", nonce="n")
        return alice.recv("message")["id"]

    assert again() == first["id"]
    until(lambda: again() != first["id"], "the nonce is forgotten")
    server.stop()


@case("a segment from a time to come is removed by its age", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    options = ["--history", "0", "--journal-max-age", "1s"]
    open(flag, "w").close()
    server = start(dir, *options, env=wrong_clock(flag, 10 * YEAR))
    alice = server.join("alice")
    says(alice)
    server.signal(signal.SIGUSR2)
    until(lambda: os.path.exists(dir + "/00000001.index"), "the segment is closed")
    server.stop()
    server = start(dir, *options)
    born = time.monotonic()
    until(lambda: time.monotonic() - born > 1.2, "it is old")
    alice = server.join("alice")
    says(alice)
    server.signal(signal.SIGUSR2)
    until(lambda: not os.path.exists(dir + "/00000001.ndjson"), "it is removed")
    server.stop()


if __name__ == "__main__":
    main()
