"""chat-serve --journal notices when its directory or a file of it goes away, and does not accept what it cannot keep.
"""
import os
import shutil
import time

from journaling import (
    end_within, get, history, is_ailing, is_replaced, is_valid, monitored, new_dir, refuses, segments, size_of,
    start)
from peer import SLOWNESS, until
from serving import case, main


def numbers(server):
    """Its samples that have no labels."""
    _, body = get(server, "/metrics")
    return {line.split()[0]: float(line.split()[1]) for line in body.splitlines() if line.startswith("chat_") and "{" not in line}


def refused_soon(server, peer, sync):
    """From now on nothing is acknowledged; until it is noticed, unless everything is synced, it may be."""
    begun, number = time.monotonic(), 0
    while True:
        peer.text("lost %d" % number, nonce="lost%d" % number)
        answer = peer.recv()
        if answer["type"] == "error":
            break
        number += 1
    assert (answer["code"], answer["nonce"]) == ("storage_failed", "lost%d" % number), answer
    assert sync != "always" or number == 0, "%d were acknowledged" % number
    assert time.monotonic() - begun < 1 * SLOWNESS, "it took %.3f s" % (time.monotonic() - begun)


def end(server):
    """Its exit status, when nobody is there."""
    for peer in server.peers:
        peer.close()
    return end_within(server, 1)


def is_removed(dir):
    shutil.rmtree(dir)
    return "the directory was removed"


for sync in "always", "batch", "never":
    for how in is_removed, is_replaced:

        @case("a journal's directory %s: storage_failed, and /healthz says why, --sync %s" % (how.__name__[3:], sync),
              server=False)
        def _(sync=sync, how=how):
            dir = new_dir()
            server = monitored(dir, "--sync", sync)
            alice = server.join("alice")
            alice.text("kept")
            alice.heard("kept")
            assert get(server, "/healthz")[0] == 200
            assert numbers(server)["chat_storage_failures_total"] == 0
            assert 0 <= numbers(server)["chat_journal_bytes"] - size_of(dir) < 300, (numbers(server), size_of(dir))
            word = how(dir)
            refused_soon(server, alice, sync)
            assert is_ailing(server, word), get(server, "/healthz")
            assert word + "; no messages are taken" in server.errors(), server.errors()
            assert numbers(server)["chat_storage_failures_total"] > 0
            alice.text("again", nonce="again")
            alice.refused("storage_failed", nonce="again")
            assert end(server) in (0, 74)


@case("a directory that goes away is missed also while nobody says anything", server=False)
def _():
    for sync in "always", "batch", "never":
        dir = new_dir()
        server = monitored(dir, "--sync", sync)
        until(lambda: len(os.listdir(dir)) == 4, "the journal is there")
        word = is_replaced(dir)
        until(lambda: is_ailing(server, word), "it is missed")
        os.rmdir(dir)
        os.rename(dir + ".away", dir)
        until(lambda: get(server, "/healthz")[0] == 200, "it is there again")
        server.stop()


for sync in "always", "batch", "never":

    @case("a directory that comes back is written again, and nothing false is in it, --sync " + sync, server=False)
    def _(sync=sync):
        dir = new_dir()
        server = monitored(dir, "--sync", sync, "--journal-segment", "4k")
        alice = server.join("alice")
        said = []
        for turn in range(3):
            for number in range(20):
                alice.text("turn %d, %d" % (turn, number))
                said.append(alice.heard("turn %d, %d" % (turn, number)))
            os.rename(dir, dir + ".away")
            until(lambda: is_ailing(server, "No such file"), "it is missed")
            alice.text("away", nonce="away%d" % turn)
            alice.refused("storage_failed", nonce="away%d" % turn)
            os.rename(dir + ".away", dir)
            until(lambda: get(server, "/healthz")[0] == 200, "it is there again")
        alice.text("after")
        said.append(alice.heard("after"))
        server.stop()
        assert history(dir)["messages"] == said
        is_valid(dir)


def is_unlinked(path):
    os.unlink(path)


def is_swapped(path):
    shutil.copy(path, path + ".copy")
    os.rename(path + ".copy", path)


def is_cut(path):
    os.truncate(path, 10)


def is_added_to(path):
    with open(path, "a") as file:
        file.write("mine\n")


for sync in "always", "batch", "never":
    for how in is_unlinked, is_swapped, is_cut, is_added_to:

        @case("a segment that is %s: a new one is begun, --sync %s" % (how.__name__[3:].replace("_", " "), sync), server=False)
        def _(sync=sync, how=how):
            dir = new_dir()
            server = monitored(dir, "--sync", sync, "--history-keep", "0", "--history", "0")
            alice = server.join("alice")
            alice.text("before")
            before = alice.heard("before")
            how(dir + "/00000001.ndjson")
            refused_soon(server, alice, sync)
            until(lambda: "can be written again" in server.errors(), "a new segment is begun")
            assert "00000001.ndjson: " in server.errors() and "its messages may be lost" in server.errors()
            alice.text("after")
            after = alice.heard("after")
            told = server.join("bob", since=before["id"]).history
            assert told["messages"][-1] == after, told
            assert sync == "always" or told["complete"] is False, told
            told = server.join("carl", since="000000000001-0000000001").history
            assert told["complete"] is False, told
            server.stop()
            assert len(segments(dir)) == 2 - (how is is_unlinked), segments(dir)


@case("a second server gets no journal whose lock was removed", server=False)
def _():
    dir = new_dir()
    server = start(dir)
    os.unlink(dir + "/lock")
    assert "another server" in refuses(dir, 75)
    server.stop()


if __name__ == "__main__":
    main()
