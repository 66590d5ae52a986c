"""chat-serve --journal-max-messages: readers get the newest messages of each channel, and what nobody gets any more is removed.
"""
import json
import os
import random
import re
import signal
import subprocess

from journaling import fill, get, history, is_valid, monitored, new_dir, newest, past, say, segments, start
from limits_table import limits
from peer import until
from serving import case, main

SEED = 20261126


# ---- the newest of each channel ----


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
@limits("memory of the number of messages that each channel has in closed segments")
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
