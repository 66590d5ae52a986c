"""chat-serve --journal with a directory that somebody else has changed, and with a disk that does not answer."""
import glob
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time

from journaling import disk, fill, get, history, is_valid, messages_of, monitored, new_dir, refuses, segments, start
from limits_table import limits
from peer import SLOWNESS, TEXT, frame, until
from serving import case, main, running

SEED = 20261201


def header(number=1, epoch="01a2042aeb80"):
    return '{"type":"history","messages":[],"journal":{"version":1,"epoch":"%s","segment":%d}}\n' % (epoch, number)


def message(number, epoch="01a2042aeb80", channel="/"):
    return (
        '{"type":"message","id":"%s-%010x","sender":"alice","content":"%d","timestamp":1700000000000,'
        '"channel":"%s","senderId":"a"}\n' % (epoch, number, number, channel)
    )


def write(dir, name, text):
    with open(os.path.join(dir, name), "w") as file:
        file.write(text)


def journal(*texts):
    """A directory with such segments, made by hand."""
    dir = new_dir()
    for number, text in enumerate(texts, 1):
        write(dir, "%08d.ndjson" % number, text)
    return dir


def files(dir):
    return sorted(os.path.basename(path) for path in glob.glob(dir + "/*"))


# ---- indexes ----


def flip(path, bit):
    with open(path, "r+b") as file:
        bytes = bytearray(file.read())
        bytes[bit // 8] ^= 1 << bit % 8
        file.seek(0)
        file.write(bytes)


def indexes(dir):
    return sorted(glob.glob(dir + "/*.index"))


def flip_any(rng, path):
    bit = rng.randrange(8 * os.path.getsize(path))
    flip(path, bit)
    return "bit %d of %s" % (bit, os.path.basename(path))


@case("a flipped bit in an index, under the server: a resume misses nothing, and it is made again", server=False)
def _():
    rng = random.Random(SEED)
    dir = new_dir()
    accepted = fill(dir, 600, "--journal-segment", "16k")
    before = [open(path, "rb").read() for path in indexes(dir)]
    for number in range(40):
        server = start(dir, "--history-keep", "5", "--history", "5")
        which = flip_any(rng, rng.choice(indexes(dir)))
        bob = server.join("bob", since=accepted[0]["id"])
        assert bob.history["messages"] == accepted[1:], which
        assert bob.history["complete"] is True, which
        assert [open(path, "rb").read() for path in indexes(dir)] == before, which
        assert "it is made again" in server.errors(), server.errors()
        server.stop()


@case("a flipped bit in an index, before the start: all messages are there", server=False)
def _():
    rng = random.Random(SEED)
    dir = new_dir()
    accepted = fill(dir, 300, "--journal-segment", "8k")
    before = [open(path, "rb").read() for path in indexes(dir)]
    for number in range(10):
        which = [flip_any(rng, path) for path in indexes(dir)]
        assert history(dir)["messages"] == accepted, which
        assert [open(path, "rb").read() for path in indexes(dir)] == before, which


@case("indexes of the older form are made again", server=False)
def _():
    dir = new_dir()
    accepted = fill(dir, 300, "--journal-segment", "8k")
    before = [open(path, "rb").read() for path in indexes(dir)]
    for path in indexes(dir):
        with open(path, "r+b") as file:
            file.write(b"chatidx1")
    server = start(dir, "--history", "1000")
    assert server.join("bob").history["messages"] == accepted
    assert server.errors().count("is of an older form; it is made again") == len(before), server.errors()
    server.stop()
    assert [open(path, "rb").read() for path in indexes(dir)] == before


# ---- a directory made by somebody else ----

FILES = ["00000001.ndjson", "00000001.sums", "00000001.index", "00000002.ndjson", "00000002.sums"]


def two_segments():
    dir = new_dir()
    fill(dir, 60, "--journal-segment", "4k")
    for path in glob.glob(dir + "/0000000[3-9]*"):
        os.unlink(path)
    return dir


def each_file(put, word):
    """None of the files may be what put makes of it."""
    for name in FILES + ["lock"]:
        dir = two_segments()
        path = os.path.join(dir, name)
        os.rename(path, path + ".was")
        put(path)
        said = refuses(dir, 73 if name == "lock" else 66)
        assert "%s: %s" % (name, word) in said, said


@case("a FIFO in place of a file is refused, not waited for", server=False)
def _():
    each_file(os.mkfifo, "is not a regular file")


@case("a symbolic link in place of a file is refused", server=False)
def _():
    each_file(lambda path: os.symlink(path + ".was", path), "is a symbolic link")
    each_file(lambda path: os.symlink("/nowhere", path), "is a symbolic link")


@case("a directory or a device in place of a file is refused", server=False)
def _():
    each_file(os.mkdir, "is not a regular file")
    each_file(lambda path: os.symlink("/dev/zero", path), "is a symbolic link")


@case("files and directories of others are refused, and those that everybody can write", server=False)
def _():
    dir = two_segments()
    os.chmod(dir, 0o777)
    assert "the directory can be written by everybody" in refuses(dir, 66)
    os.chmod(dir, 0o700)
    if os.geteuid() != 0:
        print("# only root can give files away")
        return

    def give(path):
        shutil.copy(path + ".was", path)
        os.chown(path, 12345, 12345)

    each_file(give, "belongs to another user")
    os.chown(dir, 12345, 12345)
    assert "the directory belongs to another user" in refuses(dir, 66)


@case("enormous files that are empty: refused, or not read", server=False)
def _():
    dir = two_segments()
    os.truncate(os.path.join(dir, "00000002.ndjson"), 1 << 40)
    assert "00000002.ndjson: no segment is so large" in refuses(dir, 65)
    dir = two_segments()
    os.truncate(os.path.join(dir, "00000001.ndjson"), 1 << 40)
    assert "00000001.ndjson: no segment is so large" in refuses(dir, 65)
    dir = two_segments()
    for name in "00000001.sums", "00000002.sums", "00000001.index":
        os.truncate(os.path.join(dir, name), 1 << 40)
    server = start(dir, "--history", "1000")
    assert len(server.join("bob").history["messages"]) > 20
    server.stop()
    assert sum(os.path.getsize(path) for path in glob.glob(dir + "/*")) < 100000


@case("numbers that leave none for what is to come are refused", server=False)
def _():
    word = "its numbers leave none for what is to come"
    assert word in refuses(journal(header() + message(2**40 - 1)), 65)
    assert word in refuses(journal(header() + message(1, epoch="ffffffffffff")), 65)
    assert word in refuses(journal(header(epoch="ffffffffffff")), 65)
    dir = journal(header() + message(1))
    write(dir, "4294967294.ndjson", header(4294967294))
    assert word in refuses(dir, 65)
    for epoch in "-00000000001", "  0000000001", "0x0000000001", "01A2042AEB80":
        assert "damaged" in refuses(journal(header(epoch=epoch) + message(1)), 65), epoch


@case("names that are none of a segment are left alone", server=False)
def _():
    dir = journal(header() + message(1))
    names = ["4294967296.ndjson", "4294967295.ndjson", "18446744073709551617.ndjson", "1.ndjson", "00000000.ndjson",
             "+0000002.ndjson", "00000002.ndjson.bak", "report.new", "00000003.NDJSON"]
    for name in names:
        write(dir, name, "mine")
    write(dir, "00000001.sums.new", "half")
    write(dir, "00000002.index.77.new", "half")
    assert len(history(dir)["messages"]) == 1
    for name in names:
        with open(os.path.join(dir, name)) as file:
            assert file.read() == "mine", name
    assert not glob.glob(dir + "/0*.new"), files(dir)


@case("segments whose messages do not follow one another are refused", server=False)
def _():
    word = "its messages do not follow those of the segment before"
    one, two = header() + message(1) + message(2), header(2) + message(3)
    assert len(history(journal(one, two))["messages"]) == 3
    said = refuses(journal(one, one, two), 65)
    assert "00000002.ndjson: " + word in said, said
    said = refuses(journal(one, two, two), 65)
    assert "00000003.ndjson: " + word in said, said
    said = refuses(journal(one, header(2) + message(3, epoch="000000000001")), 65)
    assert "00000002.ndjson: " + word in said, said


@case("lines that no index can hold are damage: channels too long, numbers too far apart", server=False)
def _():
    for bad in (message(2, channel="/" + "a" * 65), message(2, channel="/" + "a" * 70), message(2**33 + 2),
                message(2, epoch="01a2042aeb7f"), message(2, channel="ops")):
        said = refuses(journal(header() + message(1) + bad + message(3)), 65)
        assert "00000001.ndjson:3: damaged" in said, said


@case("segments of 0 bytes hide nothing", server=False)
def _():
    one, three = header() + message(1), header(3) + message(2)
    for texts in (one, "", three), (one, "", three, ""), ("", "", one, "", ""):
        dir = journal(*texts)
        told = history(dir, since="01a2042aeb80-0000000000")
        assert len(told["messages"]) == sum(len(text.splitlines()) - 1 for text in texts if text), (texts, told)
        server = start(dir, "--history-keep", "0", "--history", "0")
        resumed = server.join("bob", since="01a2042aeb80-0000000000").history
        assert resumed["messages"] == told["messages"] and resumed["complete"] is True, (texts, resumed)
        server.stop()


# ---- how large a journal is ----


def size_of(dir):
    """All its files; one that goes while it is looked at had its place."""
    total = 0
    with os.scandir(dir) as entries:
        for entry in entries:
            try:
                total += entry.stat().st_size
            except FileNotFoundError:
                pass
    return total


class Watch(threading.Thread):
    """The largest size of a directory, from start to stop."""

    def __init__(self, dir):
        super().__init__()
        self.dir, self.largest, self.done = dir, 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.is_set():
            self.largest = max(self.largest, size_of(self.dir))

    def stop(self):
        self.done.set()
        self.join()
        return self.largest


TURN = 40 * 1300  # what one of the turns below adds, with all that belongs to it


def flood(peer, turns):
    """Turns of 40 texts of 1,000 bytes; returns those that were accepted."""
    said = []
    text = frame(TEXT, json.dumps({"type": "text", "text": "x" * 1000}))
    for _ in range(turns):
        peer.send(text * 40)
        said += messages_of(peer, 40)
    return said


for sync in "never", "batch", "always":

    @case("--journal-max-bytes 256k holds at every moment, the segment in use included, --sync " + sync, server=False)
    @limits("--journal-max-bytes")
    def _(sync=sync):
        dir = new_dir()
        server = start(dir, "--journal-max-bytes", "256k", "--sync", sync)
        alice = server.join("alice")
        watch = Watch(dir)
        said = flood(alice, 250)  # 13 MB
        largest = watch.stop()
        assert largest <= 2 * (256 << 10) + TURN, largest
        until(lambda: size_of(dir) <= 256 << 10, "the journal is not larger than it may be")
        server.stop()
        assert size_of(dir) <= 256 << 10
        print("# at most %d bytes while 13 MB were said" % largest, flush=True)
        told = history(dir)["messages"]
        assert len(told) > 90 and told == said[-len(told) :], len(told)
        is_valid(dir)


@case("channels that each need a segment do not make the journal larger than twice its bound", server=False)
@limits("--journal-max-bytes")
def _():
    dir = new_dir()
    server = start(dir, "--journal-max-bytes", "256k", "--history", "5")
    alice = server.join("alice")
    watch = Watch(dir)
    for number in range(60):
        other = server.join("other", "/%d" % number)
        other.text("I am here to stay")
        other.heard("I am here to stay")
        other.close()
        flood(alice, 2)
        if number == 1:
            assert size_of(dir) <= (256 << 10) + TURN, "nothing needs so much yet"
    largest = watch.stop()
    assert 256 << 10 < largest <= 2 * (256 << 10) + TURN, largest
    until(lambda: size_of(dir) <= 2 * (256 << 10), "the journal is not larger than twice its bound")
    assert server.errors().count("what the history of channels needs is removed") == 1, server.errors()
    server.stop()
    assert len(history(dir, path="/59")["messages"]) == 1
    is_valid(dir)


@case("a disk that is slow makes messages wait, and the journal not larger", server=False)
def _():
    dir, held = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
    server = start(dir, "--journal-max-bytes", "256k", env=disk(dir, hold="fdatasync:" + held))
    alice = server.join("alice")
    text = frame(TEXT, json.dumps({"type": "text", "text": "x" * 1000}))
    open(held, "w").close()
    watch = Watch(dir)
    for _ in range(40):
        alice.send(text * 40)
    until(lambda: size_of(dir) >= 256 << 10, "the journal has its size")
    bob = server.join("bob", "/elsewhere")
    for _ in range(20):
        bob.quiet()
    os.unlink(held)
    messages_of(alice, 1600)
    largest = watch.stop()
    assert largest <= 3 * (256 << 10), largest
    until(lambda: size_of(dir) <= 256 << 10, "the journal is not larger than it may be")
    server.stop()


# ---- a directory that goes under the server ----


def numbers(server):
    """Its samples that have no labels."""
    _, body = get(server, "/metrics")
    return {line.split()[0]: float(line.split()[1]) for line in body.splitlines() if line.startswith("chat_") and "{" not in line}


def is_ailing(server, word):
    status, body = get(server, "/healthz")
    return status == 503 and word in body


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


def end_within(server, seconds):
    """Its exit status; it has not much more time than that."""
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    status = server.wait()
    took = time.monotonic() - begun
    assert took < seconds + 0.7 * SLOWNESS, "it took %.3f s" % took
    running.remove(server)
    return status


def is_removed(dir):
    shutil.rmtree(dir)
    return "the directory was removed"


def is_replaced(dir):
    os.rename(dir, dir + ".away")
    os.mkdir(dir)
    return "there is another directory by now"


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
        until(lambda: len(os.listdir(dir)) == 3, "the journal is there")
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


# ---- a disk that does not answer ----


def held(dir):
    """What holds its syncs while it exists, and the environment for it."""
    path = tempfile.mktemp(dir=os.environ["TMP"])
    return path, disk(dir, hold="fdatasync:" + path)


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
    """What was synced, file and size."""
    with open(log) as lines:
        return [(os.path.basename(line.split()[1]), int(line.split()[2])) for line in lines if line.startswith("sync")]


@case("looking whether the journal is there syncs nothing: who says nothing lets the disk rest", server=False)
def _():
    for sync in "always", "batch":
        dir, log = new_dir(), tempfile.mktemp(dir=os.environ["TMP"])
        server = monitored(dir, "--sync", sync, env=disk(dir, log=log))
        alice = server.join("alice")
        alice.text("one")
        alice.heard("one")
        whole = {(name, os.path.getsize(os.path.join(dir, name))) for name in ("00000001.ndjson", "00000001.sums")}
        until(lambda: whole <= set(syncs(log)), "all is synced")
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
