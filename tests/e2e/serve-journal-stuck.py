"""chat-serve --journal on a disk that does not answer: it can still be ended, and takes no messages that may be lost.
"""
import os
import signal
import tempfile

from journaling import disk, end_within, fill, get, held, history, is_ailing, is_replaced, monitored, new_dir, start
from limits_table import limits
from peer import until
from serving import case, main, running

CHECKSUM_LEN = 18  # of a line in the file of checksums


def hold(path):
    open(path, "w").close()


@case("a sync that never ends does not keep SIGTERM from ending, --sync always", server=False)
def _():
    dir = new_dir()
    path, env = held(dir)
    server = start(dir, "--sync", "always", "--disk-timeout", "500ms", "--close-timeout", "200ms", env=env)
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    alice.text("kept")
    kept = alice.heard("kept")
    bob.heard("kept")
    hold(path)
    alice.text("waits", nonce="w")
    alice.quiet()
    assert end_within(server, 0.7) == 74
    for peer in alice, bob:  # nobody was told that it is kept
        peer.refused("shutting_down", fatal=True)
        peer.closes(1001)
    word = "the disk does not answer: the last 1 messages, which nobody has seen, may be on it or not"
    assert word in server.errors(), server.errors()
    assert not os.path.exists(server.url_path)
    assert history(dir)["messages"][:1] == [kept]


@case("a sync that never ends does not keep SIGTERM from ending, --sync batch", server=False)
def _():
    dir = new_dir()
    path, env = held(dir)
    server = start(dir, "--disk-timeout", "500ms", "--close-timeout", "200ms", env=env)
    alice = server.join("alice")
    hold(path)
    alice.text("acknowledged")
    said = alice.heard("acknowledged")
    assert end_within(server, 0.7) == 74
    alice.refused("shutting_down", fatal=True)
    assert "the disk does not answer: what was said in the last" in server.errors(), server.errors()
    assert history(dir)["messages"] == [said]  # the system did not go down


@case("a sync that never ends: a second SIGTERM, and one after the disk was given up", server=False)
def _():
    for sync in "always", "batch":
        dir = new_dir()
        path, env = held(dir)
        server = monitored(dir, "--sync", sync, "--disk-timeout", "300ms", env=env)
        alice = server.join("alice")
        hold(path)
        alice.text("waits")
        until(lambda: is_ailing(server, "the disk has not answered for 300 ms"), "it is given up")
        server.signal(signal.SIGTERM)
        until(lambda: is_ailing(server, "shutting down"), "it drains")
        assert end_within(server, 0) == 74


@case("a sync that ends in time is waited for: all is there, and the exit status is 0", server=False)
def _():
    for sync in "always", "batch":
        dir = new_dir()
        path, env = held(dir)
        server = monitored(dir, "--sync", sync, env=env)
        alice = server.join("alice")
        alice.text("kept")
        said = [alice.heard("kept")]
        hold(path)
        alice.text("waits")
        alice.quiet() if sync == "always" else said.append(alice.heard("waits"))
        server.signal(signal.SIGTERM)
        until(lambda: is_ailing(server, "shutting down"), "it drains")
        os.unlink(path)
        if sync == "always":
            said.append(alice.heard("waits"))
        alice.refused("shutting_down", fatal=True)
        alice.closes(1001)
        assert server.wait() == 0
        running.remove(server)
        assert history(dir)["messages"] == said


@case("a reading that never ends does not keep SIGTERM from ending", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 300, "--journal-segment", "8k")
    path = tempfile.mktemp(dir=os.environ["TMP"])
    options = ["--history-keep", "5", "--history", "5", "--disk-timeout", "500ms", "--close-timeout", "200ms"]
    server = start(dir, *options, env=disk(dir, hold="pread:" + path))
    hold(path)
    bob = server.peer()
    bob.say({"type": "init", "username": "bob", "id": "b", "since": accepted[0]["id"]})
    bob.recv("userData")
    assert end_within(server, 0.7) == 74
    assert "the disk does not answer: a reading does not end" in server.errors(), server.errors()
    assert not os.path.exists(server.url_path)


def syncs(log):
    """Returns the file and size of each sync."""
    with open(log) as lines:
        return [(os.path.basename(line.split()[1]), int(line.split()[2])) for line in lines if line.startswith("sync")]


def is_synced(dir, log):
    """Whether the line, and after it its checksum, were synced."""
    sizes = {name: os.path.getsize(os.path.join(dir, name)) for name in ("00000001.ndjson", "00000001.sums")}
    return sizes["00000001.sums"] == 2 * CHECKSUM_LEN and set(sizes.items()) <= set(syncs(log))


@case("looking whether the journal is there syncs nothing: who says nothing lets the disk rest", server=False)
def _():
    for sync in "always", "batch":
        dir, log = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
        server = monitored(dir, "--sync", sync, env=disk(dir, log=log))
        alice = server.join("alice")
        alice.text("one")
        alice.heard("one")
        until(lambda: is_synced(dir, log), "all is synced")
        before = syncs(log)
        for _ in range(3):
            word = is_replaced(dir)
            until(lambda: is_ailing(server, word), "it is looked for")
            os.rmdir(dir)
            os.rename(dir + ".away", dir)
            until(lambda: get(server, "/healthz")[0] == 200, "it is there again")
        assert syncs(log) == before, syncs(log)
        server.stop()


@case("--disk-timeout: messages are not taken that may never be on the disk, until it answers", server=False)
@limits("--disk-timeout")
def _():
    dir = new_dir()
    path, env = held(dir)
    server = monitored(dir, "--disk-timeout", "200ms", env=env)
    alice = server.join("alice")
    hold(path)
    alice.text("acknowledged")
    said = [alice.heard("acknowledged")]
    until(lambda: is_ailing(server, "the disk has not answered for 200 ms"), "it is said")
    alice.text("not taken", nonce="n")
    alice.refused("storage_failed", nonce="n")
    os.unlink(path)
    until(lambda: get(server, "/healthz")[0] == 200, "it answers again")
    alice.text("not taken", nonce="n")
    said.append(alice.heard("not taken"))
    assert "the disk has not answered" in server.errors() and "can be written again" in server.errors()
    server.stop()
    assert history(dir)["messages"] == said


@case("--disk-timeout, --sync always: what waits is delivered when the disk answers", server=False)
def _():
    dir = new_dir()
    path, env = held(dir)
    server = monitored(dir, "--sync", "always", "--disk-timeout", "200ms", env=env)
    alice = server.join("alice")
    hold(path)
    alice.text("one")
    alice.text("two")
    until(lambda: is_ailing(server, "the disk has not answered for 200 ms"), "it is said")
    alice.quiet()
    os.unlink(path)
    said = [alice.heard("one"), alice.heard("two")]
    until(lambda: get(server, "/healthz")[0] == 200, "it answers again")
    server.stop()
    assert history(dir)["messages"] == said


if __name__ == "__main__":
    main()
