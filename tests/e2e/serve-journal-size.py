"""chat-serve --journal takes no more room on the disk than its bounds allow."""
import json
import os
import tempfile
import threading

from journaling import disk, history, is_valid, messages_of, new_dir, size_of, start
from limits_table import limits
from peer import TEXT, frame, until
from serving import case, main


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


if __name__ == "__main__":
    main()
