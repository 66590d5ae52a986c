"""chat-serve --journal on a disk that fails or is full: what cannot be stored is refused, and nobody sees it.
"""
import errno
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import unittest

from journaling import disk, history, ids, is_valid, new_dir, segments, start, texts
from peer import TEXT, frame, until
from serving import case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))


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
    return [1, 2, 3, 5, 8, 50, 200]


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
        to_mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]
        if subprocess.run(to_mount, stderr=subprocess.DEVNULL).returncode:
            raise unittest.SkipTest("no file system can be mounted here")
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
    comers = [server.peer() for _ in range(20)]
    for number, comer in enumerate(comers):
        init = {"type": "init", "username": "user%d" % number, "id": "u%d" % number}
        alice.send(texts(1, "%d-" % number, nonces=True))
        comer.send(frame(TEXT, json.dumps(init)), texts(1, "mine%d-" % number, nonces=True))
    told = [alice.recv() for _ in range(40)]
    statuses = [one["username"] for one in told if one["type"] == "userStatus"]
    assert sorted(statuses) == sorted("user%d" % number for number in range(20)), statuses
    failed = {one["nonce"] for one in told if one["type"] == "error" and one["code"] == "storage_failed"}
    assert failed == {"%d-0" % number for number in range(20)}, failed
    for number, comer in enumerate(comers):
        there = [one["username"] for one in comer.recv("userData")["users"]]
        assert comer.recv("history")["messages"] == []
        behind = [name for name in statuses if name not in there]
        got = [comer.recv() for _ in range(len(behind) + 1)]
        assert [one["username"] for one in got if one["type"] == "userStatus"] == behind, (number, behind, got)
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


if __name__ == "__main__":
    main()
