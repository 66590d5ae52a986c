"""chat-serve --journal: which messages survive, which are refused, and which must never be shown."""
import errno
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from journaling import (
    VALIDATE, disk, fill, history, ids, is_ascending, is_valid, messages_of, new_dir, refuses, segments, start, texts)
from limits_table import limits
from peer import SLOWNESS, TEXT, frame, until
from serving import Server, case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SEED = 20261122


def rest(peer):
    """The messages that were already on their way to a peer whose server is gone."""
    messages = []
    try:
        while True:
            message = peer.recv()
            if message["type"] == "message":
                messages.append(message)
    except (EOFError, ConnectionResetError):
        peer.close()
        return messages


# ---- the end of the process, and of the power ----


def lose_power(dir, log, rng):
    """What was not synced is there or not, or as zeros; its files too."""
    synced, unsure = {}, set()
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
        begun = time.monotonic()
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
            lose_power(dir, log, rng)
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


# ---- faults ----


def talk(server, count):
    """Sends texts one by one; returns what was accepted, and how many were refused."""
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    accepted, refused = [], 0
    for number in range(count):
        alice.text("text %d" % number, nonce="n%d" % number)
        answer = alice.recv()
        if answer["type"] == "message":
            assert bob.recv("message") == answer
            accepted.append(answer)
        else:
            assert (answer["code"], answer["nonce"]) == ("storage_failed", "n%d" % number), answer
            refused += 1
    bob.quiet()
    return accepted, refused


def survives(fault, sync, count=100):
    """One journal whose disk fails once or more."""
    dir = new_dir()
    options = ["--sync", sync, "--journal-segment", "4k", "--history", "1000"]
    try:
        server = start(dir, *options, env=disk(dir, fault))
    except RuntimeError as error:
        assert re.search("ndjson|sums|lock|journal|directory|sync|/", str(error)), error
        accepted = []
    else:
        accepted, _ = talk(server, count)
        server.stop(*([74] if "sync" in fault and sync == "batch" else []))
    told = history(dir)["messages"]
    assert told == accepted, "%s: %d accepted, %d kept" % (fault, len(accepted), len(told))
    is_valid(dir)
    shutil.rmtree(dir)


def numbers():
    if FULL:
        return range(1, 201)
    return [1, 2, 3, 4, 5, 8, 13, 50, 111, 200]


def fault_cases(name, form):
    for sync in ("batch", "always"):

        @case("%s fails, --sync %s: nothing false, the journal valid" % (name, sync), server=False)
        def _(sync=sync):
            for number in numbers():
                survives(form % number, sync)


fault_cases("write (ENOSPC)", "write:%%d:%d:1" % errno.ENOSPC)
fault_cases("write (EIO, three times)", "write:%%d:%d:3" % errno.EIO)
fault_cases("write (half, then ENOSPC)", "write:%%d:0:1,write:3:%d:2" % errno.ENOSPC)
fault_cases("fdatasync", "fdatasync:%%d:%d:1" % errno.EIO)
fault_cases("ftruncate", "write:3:%d:90,ftruncate:%%d:%d:2" % (errno.ENOSPC, errno.EIO))
fault_cases("rename", "rename:%%d:%d:1" % errno.EIO)
fault_cases("open", "open:%%d:%d:1" % errno.EMFILE)
fault_cases("fsync", "fsync:%%d:%d:2" % errno.EIO)


def full_disk(dir, server, fill, free):
    """Reading goes on while it is full; afterwards all is as before."""
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    alice.text("before", nonce="1")
    before = alice.heard("before")
    bob.heard("before")
    fill()
    number = 0
    while True:
        alice.text("x" * 900, nonce="full%d" % number)
        answer = alice.recv()
        if answer["type"] == "error":
            break
        bob.recv("message")
        number += 1
    assert (answer["code"], answer["nonce"]) == ("storage_failed", "full%d" % number), answer
    bob.quiet()
    assert ids(server.join("carl", presence="hidden").history["messages"])[0] == before["id"]
    assert "no messages are taken" in server.errors(), server.errors()
    free()
    until(lambda: "can be written again" in server.errors(), "the journal is written again")
    alice.text("x" * 900, nonce="full%d" % number)
    last = alice.recv("message")
    assert bob.recv("message") == last
    alice.text("after")
    after = alice.heard("after")
    server.stop()
    told = history(dir)["messages"]
    assert ids(told)[0] == before["id"] and ids(told)[-2:] == [last["id"], after["id"]]
    assert len(told) == number + 3, "%d are kept of %d" % (len(told), number + 3)
    is_valid(dir)


for sync in ("batch", "always"):

    @case("the disk is full and freed again, --sync " + sync, server=False)
    def _(sync=sync):
        dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
        server = start(dir, "--sync", sync, env=disk(dir, "write:1:%d:0:%s" % (errno.ENOSPC, flag)))
        full_disk(dir, server, lambda: open(flag, "w").close(), lambda: os.unlink(flag))

    @case("a file system of 1 MiB, full and freed again, --sync " + sync, server=False)
    def _(sync=sync):
        mount = new_dir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).returncode:
            print("# no file system can be mounted here")
            return
        try:
            ballast = os.path.join(mount, "ballast")
            with open(ballast, "wb") as file:
                file.write(bytes(500000))
            dir = os.path.join(mount, "j")
            server = start(dir, "--sync", sync, "--history", "1000", "--history-bytes", "1M")
            full_disk(dir, server, lambda: None, lambda: os.unlink(ballast))
        finally:
            subprocess.run(["umount", "--lazy", mount])

    @case("the sync fails and goes on failing, --sync " + sync, server=False)
    def _(sync=sync):
        dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
        fault = "fdatasync:1:%d:0:%s" % (errno.EIO, flag)
        server = start(dir, "--sync", sync, env=disk(dir, fault))
        alice = server.join("alice")
        alice.text("before")
        accepted = [alice.heard("before")]
        open(flag, "w").close()
        alice.text("meanwhile", nonce="1")
        answer = alice.recv()
        if sync == "always":
            assert (answer["code"], answer["nonce"]) == ("storage_failed", "1"), answer
            alice.text("again", nonce="1")
            alice.refused("storage_failed", nonce="1")
        else:
            accepted.append(answer)
        until(lambda: "the segment is closed" in server.errors(), "the failed sync is said")
        os.unlink(flag)
        until(lambda: "can be written again" in server.errors(), "the journal is written again")
        alice.text("after", nonce="1" if sync == "always" else "2")
        while accepted[-1]["content"] != "after":
            accepted.append(alice.recv("message"))
        assert len(segments(dir)) > 1, "no fresh segment"
        server.stop()
        assert history(dir)["messages"] == accepted


@case("what was refused for a failed sync is not there, however soon the server ends", server=False)
def _():
    for end in "stop", "slay":
        dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
        fault = "fdatasync:1:%d:0:%s" % (errno.EIO, flag)
        server = start(dir, "--sync", "always", env=disk(dir, fault))
        alice = server.join("alice")
        alice.text("before")
        accepted = [alice.heard("before")]
        open(flag, "w").close()
        alice.text("refused", nonce="1")
        alice.refused("storage_failed", nonce="1")
        getattr(server, end)()
        assert history(dir)["messages"] == accepted, end


@case("who leaves in the turn in which a sync fails takes its channel with it, and nothing else", server=False)
def _():
    dir, flag, held = (new_dir(), *(tempfile.mktemp(dir=os.environ["TMP"]) for _ in range(2)))
    fault = "fdatasync:1:%d:0:%s" % (errno.EIO, flag)
    server = start(dir, "--sync", "always", env=disk(dir, fault, hold="fdatasync:" + held))
    stays = server.join("stays", presence="hidden")
    for turn in range(6):
        peers = [server.join("user", "/%d-%d" % (turn, number), presence="hidden") for number in range(40)]
        for path in held, flag:
            open(path, "w").close()
        for peer in peers:
            peer.send(texts(1))
            peer.quiet()
        os.unlink(held)
        for peer in peers:
            stays.quiet()  # one at a time, so that the sync fails between two
            peer.close()
        stays.text("during", nonce="n")
        stays.refused("storage_failed", nonce="n")
        os.unlink(flag)
        until(lambda: server.errors().count("can be written again") > turn, "the journal is written again")
    stays.text("after", nonce="n")
    after = stays.heard("after")
    server.stop()
    assert history(dir)["messages"] == [after]


@case("who comes while the disk is full is announced, and not to itself", server=False)
def _():
    dir, flag = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    server = start(dir, "--sync", "always", env=disk(dir, "write:1:%d:0:%s" % (errno.ENOSPC, flag)))
    alice = server.join("alice")
    open(flag, "w").close()
    comers = []
    for number in range(20):
        init = {"type": "init", "username": "user%d" % number, "id": "u%d" % number}
        comers.append(server.peer())
        alice.send(texts(1, "%d-" % number, nonces=True))
        comers[-1].send(frame(TEXT, json.dumps(init)), texts(1, "mine%d-" % number, nonces=True))
    told = [alice.recv() for _ in range(40)]
    statuses = [one["username"] for one in told if one["type"] == "userStatus"]
    assert sorted(statuses) == sorted("user%d" % number for number in range(20)), statuses
    failed = {one["nonce"] for one in told if one["type"] == "error" and one["code"] == "storage_failed"}
    assert failed == {"%d-0" % number for number in range(20)}, failed
    for number, comer in enumerate(comers):
        comer.recv("userData")
        assert comer.recv("history")["messages"] == []
        behind = statuses[statuses.index("user%d" % number) + 1 :]
        got = [comer.recv() for _ in range(len(behind) + 1)]
        assert [one["username"] for one in got if one["type"] == "userStatus"] == behind
        assert [one["nonce"] for one in got if one["type"] == "error"] == ["mine%d-0" % number]
        comer.quiet()
    os.unlink(flag)
    server.stop()


@case("a limit on the size of files closes a segment, and refuses nothing", server=False)
def _():
    dir = new_dir()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (32768, 32768))

    server = start(dir, preexec_fn=limit)
    accepted, refused = talk(server, 400)
    server.stop()
    assert refused == 0 and len(segments(dir)) > 1, (refused, segments(dir))
    assert history(dir)["messages"] == accepted


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


# ---- the clock ----

DAY, YEAR = 86400, 365 * 86400


def wrong_clock(flag, seconds):
    """The environment of a server whose clock is ahead while this file exists."""
    return {**disk(""), "LD_PRELOAD": os.path.join(os.environ["BUILD"], "tests/preload/clock.so"),
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
