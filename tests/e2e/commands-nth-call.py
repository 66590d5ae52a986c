"""The four commands where the n-th malloc, read, write, fsync, open, rename, accept, epoll_wait, poll, getrandom or clone
fails, for n = 1, 2, 3 and so on up to a run that has fewer. Each run ends within LIMIT with a documented exit status.
"""
import errno
import json
import os
import re
import signal
import struct
import subprocess
import tempfile

from journaling import history, new_dir, start, texts
from peer import SLOWNESS, until
from serving import NotStarted, case, main, running

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SHIM = os.path.join(os.environ["PRELOAD"], "nth.so")
BUILD = os.environ["BUILD"]
LIMIT = 15 * SLOWNESS

FAULTS = [
    ("malloc", "ENOMEM"),
    ("read", "EIO"),
    ("read", "EINTR"),
    ("write", "ENOSPC"),
    ("write", "EINTR"),
    ("fsync", "EIO"),
    ("open", "EMFILE"),
    ("rename", "EIO"),
    ("accept", "EMFILE"),
    ("accept", "ECONNABORTED"),
    ("epoll_wait", "EINTR"),
    ("poll", "EINTR"),
    ("poll", "ENOMEM"),
    ("getrandom", "EINTR"),
    ("getrandom", "ENOSYS"),
    ("clone", "EAGAIN"),
]
STATUSES = (0, 1, 2, 64, 65, 66, 68, 69, 70, 73, 74, 75, 76, 77, 124)
LAST_WORDS = {"malloc": ": out of memory", "getrandom": ": no random bytes"}  # of a process that ends by abort(3)


class Fault:
    """One call that fails, and what became of it."""

    def __init__(self, kind, error, number):
        self.kind, self.error, self.number = kind, error, number
        self.path = tempfile.mktemp(dir=os.environ["TMP"])
        self.env = {
            "LD_PRELOAD": SHIM,
            "CHAT_NTH": "%s:%d:%d" % (kind, number, getattr(errno, error)),
            "CHAT_NTH_COUNT": self.path,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def __str__(self):
        return "%s %d (%s)" % (self.kind, self.number, self.error)

    def happened(self):
        with open(self.path, "rb") as file:
            return struct.unpack("l", file.read())[0] >= self.number

    def ended(self, status, errors, also=()):
        """Checks how a program ended, which may have other statuses also; returns true if it was a clean end."""
        if status == -signal.SIGABRT and self.kind in LAST_WORDS:
            assert LAST_WORDS[self.kind] in errors, "%s: aborted without a word: %s" % (self, errors)
            return False
        assert status in STATUSES + also, "%s: exit status %d: %s" % (self, status, errors)
        return True


def each(kind, error, run, growth=1.12):
    """Calls run(fault) for each n until nothing fails; for the sake of time, the next is so many times the one before."""
    number = 1
    while True:
        fault = Fault(kind, error, number)
        try:
            run(fault)
        except Exception as why:
            raise AssertionError("%s: %r" % (fault, why)) from why
        if not fault.happened():
            print("# %s (%s): %d" % (kind, error, number))
            return
        number = number + 1 if FULL else max(number + 1, int(number * growth))


def command(fault, name, *arguments, url=None, input=b""):
    """Runs a command; returns its status, stdout and stderr, which are files."""
    env = {**os.environ, **(fault.env if fault else {}), "CHAT_USERNAME": "alice"}
    if url:
        env["CHAT_URL"] = url
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
        given.write(input)
        given.seek(0)
        done = subprocess.run([os.path.join(BUILD, name), *arguments], env=env, stdin=given, stdout=said, stderr=told, timeout=LIMIT)
        said.seek(0)
        told.seek(0)
        return done.returncode, said.read(), told.read().decode(errors="replace")


def contents(messages):
    return [message["content"] for message in messages if message["type"] == "message"]


def whole_lines(output):
    """The objects of the lines that have an end."""
    return [json.loads(line) for line in output.splitlines(True) if line.endswith(b"\n")]


def is_true(fault, status, receipts, kept, said):
    """What was accepted is kept once, and what was refused is not kept."""
    assert len(set(kept)) == len(kept), "%s: doubled: %s" % (fault, kept)
    assert set(receipts) <= set(kept), "%s: lost: accepted %s, kept %s" % (fault, receipts, kept)
    assert set(kept) <= set(said), "%s: nobody said this: %s" % (fault, kept)
    if status == 0:
        assert receipts == said, "%s: status 0, accepted %s" % (fault, receipts)
    if status == 1:
        assert sorted(kept) == sorted(receipts), "%s: refused and kept: %s, %s" % (fault, receipts, kept)


SAID = ["one", "two", "three"]
INPUT = b"one\ntwo\nthree\n"


def serves(fault):
    """A server on a journal whose call fails, a sender and a listener."""
    dir = new_dir()
    receipts, sent, alive = [], None, True
    try:
        server = start(dir, "--sync", "always", "--history", "1", env=fault.env)
    except NotStarted as refused:
        assert refused.status != 0
        fault.ended(refused.status, refused.errors)
    else:
        heard_path = os.path.join(server.dir, "heard")
        with open(heard_path, "wb") as heard_file:
            listener = subprocess.Popen(
                [BUILD + "/chat-listen", "-U", server.url, "--since", "all", "-t", "message", "--wait", "-W", "10s"],
                stdout=heard_file,
                stderr=subprocess.DEVNULL,
            )
        try:
            sent, output, _ = command(None, "chat-send", "-l", "--retry-for", "1s", "-W", "5s", url=server.url, input=INPUT)
            receipts = contents(whole_lines(output))

            def heard():
                with open(heard_path, "rb") as file:
                    return contents(whole_lines(file.read()))

            until(lambda: len(heard()) >= len(receipts) or server.process.poll() is not None, "all is heard")
            alive = server.process.poll() is None
        finally:
            listener.terminate()
            listener.wait(LIMIT)
        if alive:
            server.signal(signal.SIGTERM)
        running.remove(server)
        status = server.wait()
        server.state.close()
        alive = fault.ended(status, server.errors()) and alive
        assert not alive or heard() == receipts or sent == 2, "%s: heard %s of %s" % (fault, heard(), receipts)
    is_true(fault, sent, receipts, contents(history(dir)["messages"]), SAID)


def sends(server):
    def run(fault):
        path = "/%s-%s-%d" % (fault.kind, fault.error.lower(), fault.number)
        options = ["-l", "--retry-for", "2s", "-W", "10s", "-c", path]
        status, output, errors = command(fault, "chat-send", *options, url=server.url, input=INPUT)
        clean = fault.ended(status, errors)
        peer = server.join("zoe", path, presence="hidden")
        is_true(fault, status, contents(whole_lines(output)), contents(peer.history["messages"]), SAID)
        peer.close()
        assert clean or status != 0

    return run


def listens(server):
    alice = server.join("alice", presence="hidden")
    alice.send(texts(30))
    said = [alice.recv("message")["id"] for _ in range(30)]
    alice.close()

    def run(fault):
        cursor = tempfile.mktemp(dir=os.environ["TMP"])
        options = ["--cursor-file", cursor, "--since", "all", "--no-follow", "-t", "message", "--retry-for", "2s", "-W", "10s"]
        status, output, errors = command(fault, "chat-listen", *options, url=server.url)
        clean = fault.ended(status, errors)
        first = [line["id"] for line in whole_lines(output)]
        if status == 0:
            assert first == said, "%s: status 0, and printed %d of %d" % (fault, len(first), len(said))
        again, output, told = command(None, "chat-listen", *options, url=server.url)
        assert again == 0, told
        second = [line["id"] for line in whole_lines(output)]
        missing = set(said) - set(first) - set(second)
        assert not missing, "%s: lost: %d, status %d" % (fault, len(missing), status)
        assert status or not second, "%s: status 0, and %d again" % (fault, len(second))
        assert first == said[: len(first)] and second == said[len(said) - len(second) :], "%s: out of order" % fault
        assert not clean or len(first) + len(second) == len(said), "%s: doubled: %d, %d: %s" % (fault, len(first), len(second), errors)

    return run


BOT = 'select(.type=="message") | {type:"text",text:"re \\(.content)",replyTo:.id}'


def answers(server):
    """A bot, whose second process has no faults, answers each message once."""

    def run(fault):
        path = "/bot-%s-%s-%d" % (fault.kind, fault.error.lower(), fault.number)
        cursor = tempfile.mktemp(dir=os.environ["TMP"])
        options = ["-c", path, "--cursor-file", cursor, "--since", "all", "--history", "flat", "--no-follow", "--retry-for", "2s", "-W", "10s"]
        bot = ["-u", "bot", "--id", "b", "--exec", "jq", "--unbuffered", "-c", BOT]
        alice = server.join("alice", path, presence="hidden")
        alice.send(texts(5))
        said = [alice.recv("message")["content"] for _ in range(5)]
        alice.close()
        status, _, errors = command(fault, "chat-listen", *options, *bot, url=server.url)
        clean = fault.ended(status, errors, also=(126,))  # the bot cannot be started
        again, _, told = command(None, "chat-listen", *options, *bot, url=server.url)
        assert again == 0, told
        zoe = server.join("zoe", path, presence="hidden")
        heard = contents(zoe.history["messages"])
        zoe.close()
        assert heard == said + ["re " + text for text in said], "%s: %s, status %d: %s" % (fault, heard, status, errors)
        assert clean or status != 0

    return run


def logs():
    good = tempfile.mktemp(dir=os.environ["TMP"])
    line = '{"type":"text","text":"%d"}\n'
    with open(good, "w") as file:
        file.write("".join(line % number for number in range(300)))
    bad = tempfile.mktemp(dir=os.environ["TMP"])
    with open(bad, "w") as file:
        file.write("".join(line % number if number != 299 else '{"type":"text"}\n' for number in range(300)))
    return good, bad


def validates(path, wrong):
    def run(fault):
        status, _, errors = command(fault, "chat-validate", "-j", "2", "--from", "input", path)
        fault.ended(status, errors)
        assert status not in wrong, "%s: the verdict is %d" % (fault, status)

    return run


def cases():
    for kind, error in FAULTS:
        with_error = "%s (%s)" % (kind, error)

        @case("chat-serve: " + with_error, server=False)
        def _(kind=kind, error=error):
            each(kind, error, serves, growth=1.6)

        @case("chat-send: " + with_error, "--history", "1000")
        def _(server, kind=kind, error=error):
            each(kind, error, sends(server))

        @case("chat-listen: " + with_error, "--history", "1000")
        def _(server, kind=kind, error=error):
            each(kind, error, listens(server))

        @case("chat-listen --exec: " + with_error, "--history", "1000")
        def _(server, kind=kind, error=error):
            each(kind, error, answers(server), growth=1.4)

        @case("chat-validate: " + with_error, server=False)
        def _(kind=kind, error=error):
            good, bad = logs()
            each(kind, error, validates(good, (1, 65)))
            each(kind, error, validates(bad, (0, 65)))


if __name__ == "__main__":
    cases()
    main()
