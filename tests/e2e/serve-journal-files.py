"""chat-serve --journal with files that somebody else has changed, added or removed: they are noticed before anything in them is
believed.
"""
import glob
import os
import random
import shutil
import unittest

from journaling import fill, history, new_dir, refuses, start
from serving import case, main

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


@case("a directory that everybody can write is refused", server=False)
def _():
    dir = two_segments()
    os.chmod(dir, 0o777)
    assert "the directory can be written by everybody" in refuses(dir, 66)
    os.chmod(dir, 0o700)


@case("files and directories of others are refused", server=False)
def _():
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can give files away")
    dir = two_segments()

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
    assert word in refuses(journal(header() + message(2**40 - 1).replace("-ffffffffff", "-zzzzzzzzzz")), 65)
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


if __name__ == "__main__":
    main()
