"""chat-serve --journal-max-messages: readers get the newest messages of each channel, and what nobody gets any more
is removed.
"""
import glob
import json
import os
import random
import re
import signal
import subprocess

from journaling import fill, get, history, ids, is_valid, messages_of, monitored, new_dir, segments, start, texts
from limits_table import limits
from peer import until
from serving import case, main

SEED = 20261126
FULL = bool(os.environ.get("CHAT_TEST_FULL"))


def say(server, path, count, word):
    """So many texts in a channel; the messages they became."""
    said = []
    peer = server.join("say", path)
    for first in range(0, count, 20):  # more than a tick, so that segments fill
        some = min(20, count - first)
        peer.send(texts(some, "%s%d-" % (word, first)))
        said += messages_of(peer, some)
    peer.close()
    return said


def past(server, path, since="0"):
    peer = server.peer(path)
    peer.say({"type": "init", "username": "zoe", "id": "zoe", "since": since, "presence": "hidden"})
    peer.recv("userData")
    told = peer.past()
    peer.close()
    return told


def newest(server, path, said, most, since=None):
    """What is kept of a channel is given, behind a message of it, a second later at the latest. Whether all that was
    said there is; what a history says of that."""
    kept = said[-most:]
    behind = said if since is None else said[since + 1 :]
    wanted = kept[-len(behind) :] if behind else []
    told = {}

    def is_given():
        told.update(past(server, path, "0" if since is None else said[since]["id"]))
        assert told["messages"][-len(wanted) :] == wanted or not wanted, "some of the newest are missing"
        assert len(told["messages"]) <= len(behind), "more than was said"
        return told["messages"] == wanted

    until(is_given, "%d of %d messages are given, and no more" % (len(wanted), len(said)))
    return len(wanted) == len(behind), told["complete"]


@case("of a channel the newest are given at once, of a quiet one all", server=False)
@limits("--journal-max-messages")
def _():
    dir = new_dir()
    options = ["--journal-segment", "8k", "--journal-max-messages", "100", "--history-keep", "30"]
    server = start(dir, *options)
    quiet = say(server, "/quiet", 20, "quiet")
    busy = []
    for count in 10, 80, 10, 1, 30, 500, 60, 1000:
        busy += say(server, "/busy", count, "busy")
        whole, complete = newest(server, "/busy", busy, 100)
        assert whole == complete, (len(busy), whole, complete)
        for since in range(max(0, len(busy) - 130), len(busy), 43):
            whole, complete = newest(server, "/busy", busy, 100, since)
            assert whole or not complete, "messages are missing, and it is not said"
            assert complete or not whole or since <= len(busy) - 100, "a gap that is not there"
        told = past(server, "/quiet")
        assert told["messages"] == quiet and told["complete"] is True, told["complete"]
        newcomer = server.join("newcomer", "/busy", presence="hidden")
        assert newcomer.history["messages"] == busy[-30:] and len(busy[-30:]) == min(30, len(busy))
        newcomer.close()
    server.stop()
    names = segments(dir)
    assert len(names) < 8, names  # that of /quiet, those of a hundred messages, the one in use
    assert quiet[0]["id"] in open(names[0]).read(), "what is kept of a quiet channel is removed"
    server = start(dir, *options)
    assert newest(server, "/busy", busy, 100) == (False, False)
    assert past(server, "/quiet")["messages"] == quiet
    busy += say(server, "/busy", 7, "again")
    assert newest(server, "/busy", busy, 100) == (False, False)
    server.stop()
    is_valid(dir)


@case("less than what the memory of a channel and a newcomer's history hold: these are as few", server=False)
def _():
    dir = new_dir()
    options = ["--journal-max-messages", "5"]
    server = start(dir, *options)
    said = say(server, "/", 40, "a")
    assert server.join("bob").history["messages"] == said[-5:]
    assert past(server, "/")["messages"] == said[-5:] and past(server, "/")["complete"] is False
    server.stop()
    assert history(dir, *options)["messages"] == said[-5:]
    assert history(dir)["messages"] == said, "and without the option all that is on the disk"


@case("the newest are just those of the newest segment: whoever saw none of the others is told, who saw all is not", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--journal-max-messages", "10", "--history-keep", "0")
    said, quiet = [], say(server, "/quiet", 1, "stay")
    for count in 1, 2:
        said += say(server, "/", 10, "a")
        server.signal(signal.SIGUSR2)
        until(lambda: os.path.exists("%s/%08d.index" % (dir, count)), "the segment is closed")
    for since, whole in (None, False), (0, False), (8, False), (9, True), (12, True):
        assert newest(server, "/", said, 10, since) == (whole, whole), since
    assert past(server, "/quiet")["messages"] == quiet
    server.stop()


@case("many channels in one journal, over restarts, in any order: the newest of each, and no gap goes untold", server=False)
def _():
    rng = random.Random(SEED)
    for _ in range(4):
        dir = new_dir()
        most = rng.choice([1, 3, 20, 75])
        options = ["--journal-segment", "4k", "--journal-max-messages", str(most),
                   "--history-keep", str(rng.choice([0, 2, 1000]))]  # fmt: skip
        said = {"/%d" % number: [] for number in range(5)}
        server = start(dir, *options)
        for _ in range(25):
            path = rng.choice(list(said))
            said[path] += say(server, path, rng.choice([1, 1, 2, 15, 90]), "x")
            if rng.random() < 0.15:
                server.stop()
                server = start(dir, *options)
            path = rng.choice([path for path in said if said[path]])
            since = rng.randrange(len(said[path])) if rng.random() < 0.5 else None
            whole, complete = newest(server, path, said[path], most, since)
            assert whole or not complete, "%s: messages are missing, and it is not said" % path
        server.stop()
        is_valid(dir)
        on_disk = sum(1 for name in segments(dir) for _ in open(name))
        assert len(segments(dir)) <= 5 * most + 12, segments(dir)
        print("# the newest %d: %d lines in %d segments" % (most, on_disk, len(segments(dir))), flush=True)


@case("old messages of a channel that is quiet keep their segment, and nothing else", server=False)
def _():
    dir = new_dir()
    options = ["--journal-segment", "4k", "--journal-max-messages", "50"]
    server = start(dir, *options)
    for number in range(6):
        say(server, "/quiet%d" % number, 1, "stay")
        say(server, "/busy", 200, "go")
    server.stop()
    assert 6 <= len(segments(dir)) <= 6 + 5, segments(dir)
    server = start(dir, *options)
    for number in range(6):
        assert len(past(server, "/quiet%d" % number)["messages"]) == 1
        say(server, "/quiet%d" % number, 60, "new")
    say(server, "/busy", 60, "new")
    server.stop()
    assert len(segments(dir)) <= 24, len(segments(dir))  # 50 messages of 7 channels


@case("what lies before segments that were removed is read to its end after a restart", server=False)
def _():
    dir = new_dir()
    options = ["--journal-segment", "8k", "--journal-max-bytes", "40k", "--history", "5"]
    quiet = fill(dir, 7, *options, path="/quiet")
    both = fill(dir, 3, *options, path="/both")
    fill(dir, 1500, *options)
    both += fill(dir, 3, *options, path="/both")
    server = start(dir, *options)
    for path, said in ("/quiet", quiet), ("/both", both):
        assert past(server, path)["messages"] == said
        told = past(server, path, said[0]["id"])
        assert told["messages"] == said[1:] and told["complete"] is True, "nothing of it was removed"
        newcomer = server.join("newcomer", path, presence="hidden")
        assert newcomer.history["messages"] == said[-5:]
        newcomer.close()
    server.stop()


@case("what is removed of one channel is missing there alone", server=False)
def _():
    dir = new_dir()
    server = start(dir, "--journal-segment", "8k", "--journal-max-bytes", "40k", "--history", "5", "--history-keep", "0")
    quiet = say(server, "/quiet", 5, "quiet")
    for _ in range(2):
        busy = say(server, "/busy", 200, "busy")
        old = say(server, "/old", 20, "old")
    busy = say(server, "/busy", 1500, "busy")
    new = say(server, "/new", 5, "new")
    for path, said in ("/quiet", quiet), ("/new", new):
        told = past(server, path)
        assert told["messages"] == said and told["complete"] is True, path
    for path, said in ("/busy", busy), ("/old", old):
        told = past(server, path)
        assert told["complete"] is False and told["messages"][-5:] == said[-5:], path
    server.stop()


# ---- what was removed, after a restart ----

SMALL = ["--journal-segment", "8k", "--journal-max-bytes", "40k", "--history", "5", "--history-keep", "0"]


def half_removed(*options):
    """A journal that has all of /quiet and /new, and not all of /old and /busy; what was said in each."""
    dir = new_dir()
    server = start(dir, *SMALL, *options)
    said = {"/quiet": say(server, "/quiet", 5, "quiet"), "/old": [], "/busy": []}
    for _ in range(2):
        said["/busy"] += say(server, "/busy", 200, "busy")
        said["/old"] += say(server, "/old", 20, "old")
    said["/busy"] += say(server, "/busy", 1500, "busy")
    said["/new"] = say(server, "/new", 5, "new")
    server.stop()
    assert "00000002.ndjson" not in os.listdir(dir), "nothing was removed"
    return dir, said


def is_told(server, said, known=True):
    """Who asks for all of a channel, or for what comes behind the newest message that the journal has not, or the one
    before it, is told whether something is missing there; known: and of all channels nothing but the truth."""
    for path, messages in said.items():
        told = past(server, path)
        there = set(ids(told["messages"]))
        assert told["messages"] == [one for one in messages if one["id"] in there], path
        missing = [at for at, one in enumerate(messages) if one["id"] not in there]
        assert told["complete"] is (known and not missing), (path, told["complete"])
        newest = missing[-1] if missing else 0
        for since in {0, max(newest - 1, 0), newest, len(messages) - 1} if known else ():
            told = past(server, path, messages[since]["id"])
            whole = told["messages"] == messages[since + 1 :]
            assert told["complete"] is whole, (path, since, newest, told["complete"])


def kept_file(dir):
    return os.path.join(dir, "removed")


@case("after a restart, by kill -9 too, it is known of which channels messages were removed", server=False)
def _():
    dir, said = half_removed()
    for number in range(6):  # from the journal, or what the memory has of it
        server = start(dir, *SMALL, "--history-keep", str([0, 1000, 100][number % 3]))
        is_told(server, said)
        assert past(server, "/busy")["complete"] is False and past(server, "/old")["complete"] is False
        said["/busy"] += say(server, "/busy", 400, "again%d-" % number)
        is_told(server, said)
        if number % 2:
            server.stop()
        else:
            server.slay()
    is_valid(dir)


@case("a channel that is recalled: what was removed between its messages is missing", server=False)
def _():
    dir, said = half_removed()
    options = ["--history-keep", "1000", "--history", "1000", "--max-channels", "3", "--grace", "0"]
    server = start(dir, *SMALL[:4], *options)
    for path in [*said, *said, *said]:  # of four it has forgotten that one
        newcomer = server.join("newcomer", path, presence="hidden")
        assert newcomer.history["messages"][-5:] == said[path][-5:]
        is_told(server, {path: said[path]})
        newcomer.leave()
    server.stop()


@case("a file of what was removed that is damaged, foreign or none: nothing is told complete, and it is said", server=False)
def _():
    def content(path, content):
        with open(path, "wb") as file:
            file.write(content)

    def bit(path, content_of):
        flipped = bytearray(content_of)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        content(path, flipped)

    rng = random.Random(SEED)
    dir, said = half_removed()
    path = kept_file(dir)
    with open(path, "rb") as file:
        right = file.read()
    other, _ = half_removed()
    fill(other, 3000, *SMALL)  # its numbers are higher
    with open(kept_file(other), "rb") as file:
        foreign = file.read()
    ways = {
        "a bit": lambda: bit(path, right), "another bit": lambda: bit(path, right),
        "cut": lambda: content(path, right[:-1]), "longer": lambda: content(path, right + b"\0"),
        "empty": lambda: content(path, b""), "of another journal": lambda: content(path, foreign),
        "enormous": lambda: os.truncate(path, 1 << 40), "a FIFO": lambda: os.mkfifo(path),
        "a link": lambda: os.symlink(kept_file(other), path), "not there": lambda: None,
    }  # fmt: skip
    for name, way in ways.items():
        content(path, right)
        if name in ("a FIFO", "a link", "not there"):
            os.unlink(path)
        way()
        server = start(dir, *SMALL)
        is_told(server, said, known=False)
        warned = "removed: " in server.errors() and "is not known" in server.errors()
        assert warned is (name != "not there"), (name, server.errors())
        told = past(server, "/quiet", said["/new"][-1]["id"])
        assert told == {"type": "history", "messages": [], "complete": True}, told
        server.stop()
        server = start(dir, *SMALL)
        assert "is not known" not in server.errors(), (name, server.errors())
        is_told(server, said, known=False)
        server.stop()
    with open(kept_file(other), "rb") as file:
        assert file.read() == foreign, "a link was followed"


@case("a segment that somebody else removed may have held messages of any channel", server=False)
def _():
    dir, said = half_removed()
    assert len(segments(dir)) > 3
    gone = segments(dir)[2]
    for end in "ndjson", "sums", "index":
        os.unlink(gone.replace("ndjson", end))
    for _ in range(2):
        server = start(dir, *SMALL)
        told = past(server, "/quiet")
        assert told["messages"] == said["/quiet"] and told["complete"] is False
        assert past(server, "/busy", said["/busy"][-1]["id"])["complete"] is True
        server.stop()


@case("where all segments are there again, as in a backup, nothing is missing", server=False)
def _():
    dir = new_dir()
    said = fill(dir, 300, "--journal-segment", "8k")
    kept = {name: open(os.path.join(dir, name), "rb").read() for name in os.listdir(dir)}
    fill(dir, 300, *SMALL)
    assert os.path.exists(kept_file(dir))
    for name in set(os.listdir(dir)) - set(kept) - {"removed"}:
        os.unlink(os.path.join(dir, name))
    for name, content in kept.items():
        with open(os.path.join(dir, name), "wb") as file:
            file.write(content)
    server = start(dir)
    told = past(server, "/")
    assert told["messages"] == said
    server.stop()


@case("an end between what is written of segments and their removal: they are there, and no gap goes untold", server=False)
def _():
    dir, said = half_removed()
    before = {name: open(name, "rb").read() for name in glob.glob(dir + "/0*")}
    said["/busy"] += fill(dir, 400, *SMALL, path="/busy")
    back = [name for name in before if not os.path.exists(name)]
    assert back, "nothing was removed"
    for name in back:
        with open(name, "wb") as file:
            file.write(before[name])
    for options in ["--history-keep", "0"], SMALL:
        server = start(dir, *options)
        for path, messages in said.items():
            told = past(server, path)
            assert told["complete"] is (path in ("/quiet", "/new")), path
            assert told["complete"] is False or told["messages"] == messages, path
        server.stop()
    assert not any(os.path.exists(name) for name in back), "they stay"
    is_valid(dir)


@case("where the file cannot be written segments are removed all the same, and no gap goes untold", server=False)
def _():
    dir, said = half_removed()
    os.mkdir(kept_file(dir) + ".new")
    server = start(dir, *SMALL)
    said["/busy"] += say(server, "/busy", 400, "again")
    is_told(server, said)
    assert server.errors().count("removed.new: ") == 1, server.errors()
    server.stop()
    os.rmdir(kept_file(dir) + ".new")
    for _ in range(2):
        server = start(dir, *SMALL)
        assert past(server, "/quiet")["complete"] is False and past(server, "/busy")["complete"] is False
        assert past(server, "/busy", said["/busy"][-1]["id"])["complete"] is True
        server.stop()


@case("what --journal-max-messages only hides is there, and complete, without it", server=False)
def _():
    dir = new_dir()
    options = ["--journal-max-messages", "5", "--journal-segment", "4k"]
    server = start(dir, *options)
    said = []
    for _ in range(3):  # each third in a segment that /quiet keeps
        say(server, "/quiet", 1, "stay")
        said += say(server, "/", 10, "a")
        server.signal(signal.SIGUSR2)
        until(lambda: len(segments(dir)) > len(said) // 10, "another segment")
    say(server, "/gone", 200, "gone")
    server.stop()
    server = start(dir, *options)
    assert past(server, "/")["complete"] is False
    server.stop()
    server = start(dir)
    told = past(server, "/")
    assert told["messages"] == said and told["complete"] is True, told["complete"]
    assert past(server, "/gone")["complete"] is False
    server.stop()


@case("all was removed, and the new segment has nothing in it: that is known, and no number comes twice", server=False)
def _():
    dir = new_dir()
    options = ["--journal-max-age", "1ms", "--history", "0", "--history-keep", "0"]
    server = start(dir, *options)
    said = say(server, "/", 20, "a")
    server.signal(signal.SIGUSR2)
    until(lambda: len(segments(dir)) == 1 and "00000001.ndjson" not in os.listdir(dir), "the segment is removed")
    server.slay()
    server = start(dir, *options)
    assert past(server, "/") == {"type": "history", "messages": [], "complete": False}
    assert past(server, "/other")["complete"] is True
    new = say(server, "/", 5, "b")
    assert new[0]["id"][-10:] > said[-1]["id"][-10:], (new[0]["id"], said[-1]["id"])
    told = past(server, "/")
    assert told["messages"] == new and told["complete"] is False
    assert past(server, "/", new[0]["id"])["complete"] is True
    server.stop()


@case("kill -9 at any moment of what is removed: no gap goes untold, none is told where there is none", server=False)
def _():
    rng = random.Random(SEED)
    dir, said = half_removed()
    unsure = 0
    for _ in range(200 if FULL else 6):
        server = start(dir, *SMALL)
        peer = server.join("say", "/busy")
        for first in range(0, 200, 20):
            peer.send(texts(20, "kill%d-" % first))
        said["/busy"] += messages_of(peer, rng.randrange(200))
        server.slay()
        server = start(dir, *SMALL)
        for path, messages in said.items():
            told = past(server, path)
            whole = all(message in told["messages"] for message in messages)
            assert whole or told["complete"] is False, path
            unsure += whole and not told["complete"]
        server.stop()
    print("# %d times a gap was told that is not there" % unsure, flush=True)
    assert unsure == 0


# ---- a segment as a log ----


@case("the manual's way to look at a journal without its server: all segments as one log", server=False)
def _():
    dir = new_dir()
    said = fill(dir, 300, "--journal-segment", "8k") + fill(dir, 40, "--journal-segment", "8k", path="/ops")
    assert len(segments(dir)) > 4
    with open("man/chat-journal.5") as page:
        examples = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", page.read().split(".Sh EXAMPLES")[1], re.M | re.S)
    shown = next(one for one in examples if one.startswith("cat DIR/"))
    command = shown.replace("DIR", dir).replace("\\e", "\\")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines == [message for message in said if message["channel"] == "/ops"], done.stdout[:500]
    with open(segments(dir)[0], "a") as file:
        file.write('{"type":"message","id":"00","sender":"ann"}\n')
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1 and "-:" in done.stderr, done


# ---- a channel's tally ----


def many_channels(dir, count, size):
    """A journal with one line in each of so many channels, in segments of so many lines, as after a loss of all but
    the lines."""
    epoch, number = "01a200000000", 0
    for segment in range(1, count // size + 2):
        head = {"type": "history", "messages": [], "journal": {"version": 1, "epoch": epoch, "segment": segment}}
        with open("%s/%08d.ndjson" % (dir, segment), "w") as file:
            file.write(json.dumps(head, separators=(",", ":")) + "\n")
            for _ in range(min(size, count - number)):
                number += 1
                file.write('{"type":"message","id":"%s-%010x","sender":"ann","content":"hi","timestamp":1790000000000,'
                           '"channel":"/%d","senderId":"a"}\n' % (epoch, number, number))  # fmt: skip


def journal_memory(server):
    return int(re.search(r'chat_memory_bytes{kind="journal"} (\d+)', get(server, "/metrics")[1])[1])


@case("more channels in a journal than there is memory to tally: all are read, and the memory is bounded", server=False)
@limits("memory of how many messages of each channel the closed segments hold")
def _():
    dir, count = new_dir(), 130000
    many_channels(dir, count, 20000)
    options = ["--history-keep", "10", "--max-channels", "100"]
    server = monitored(dir, *options)
    held = journal_memory(server)
    assert 12 << 20 < held < 17 << 20, held
    for number in 1, 2, count // 2, count - 1, count:
        path = "/%d" % number
        told = past(server, path)
        assert [one["content"] for one in told["messages"]] == ["hi"] and told["complete"] is True, (path, told)
        newcomer = server.join("newcomer", path, presence="hidden")
        assert len(newcomer.history["messages"]) == 1, path
        newcomer.close()
    assert past(server, "/nowhere")["messages"] == []
    assert journal_memory(server) < 17 << 20
    server.stop()
    server = start(dir, *options, "--journal-max-messages", "2")
    say(server, "/%d" % count, 5, "new")
    assert len(past(server, "/%d" % count)["messages"]) == 2
    assert len(past(server, "/2")["messages"]) == 1, "what may be kept was removed"
    server.stop()
    server = start(dir, *options, "--journal-max-bytes", "24M", "--journal-segment", "1M", "--history", "1")
    say(server, "/1", 3000, "x" * 900)
    assert len(past(server, "/%d" % (count - 1))["messages"]) == 1, "who was heard last is needed"
    server.stop()
    assert "00000001.ndjson" not in os.listdir(dir), "the oldest is needed by nobody that is known"


if __name__ == "__main__":
    main()
