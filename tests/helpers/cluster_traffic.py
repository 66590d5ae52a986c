"""Many who speak and listen on all servers of a cluster, while a test disturbs it; in the end all that they have said and
heard is compared.
"""
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter

from clustering import BUILD, has_one_time
from peer import SLOWNESS, until

END = 120 * SLOWNESS  # seconds until all is acknowledged and heard


def rotated(cluster, by):
    """The URLs of all chat-serves, beginning with another one."""
    urls = [cluster.url(number) for number in range(len(cluster.nodes))]
    return ",".join(urls[by % len(urls) :] + urls[: by % len(urls)])


def command(name, *arguments):
    return ["setpriv", "--pdeathsig", "KILL", os.path.join(BUILD, name), *arguments]


class Sender(threading.Thread):
    """chat-send -l, fed line by line until the traffic stops; its receipts go to a file."""

    def __init__(self, traffic, number):
        super().__init__(daemon=True)
        cluster = traffic.cluster
        self.traffic, self.name, self.lines = traffic, "sender%d" % number, 0
        self.path = os.path.join(cluster.dir, "receipts%d" % number)
        with open(self.path, "wb") as out, open(self.path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                command("chat-send", "-l", "-v", "-u", self.name, "-U", rotated(cluster, number), "--retry-for", "forever"),
                stdin=subprocess.PIPE, stdout=out, stderr=err)  # fmt: skip
        self.start()

    def run(self):
        while not self.traffic.stop.wait(self.traffic.pace):
            self.process.stdin.write(b"%s.%d\n" % (self.name.encode(), self.lines))
            self.process.stdin.flush()
            self.lines += 1
        self.process.stdin.close()

    def finish(self):
        self.join()
        assert self.process.wait(END) == 0, open(self.path + ".err").read()[-2000:]

    def accepted(self):
        """What it was told is accepted: all of its lines, in order."""
        with open(self.path) as file:
            receipts = [json.loads(line) for line in file]
        assert [receipt.get("content") for receipt in receipts] == ["%s.%d" % (self.name, line) for line in range(self.lines)]
        return receipts


class Poster(threading.Thread):
    """A client without nonces that says nothing again: what it has said comes once if it was echoed, else at most once."""

    def __init__(self, traffic, number):
        super().__init__(daemon=True)
        self.traffic, self.name, self.node, self.lines = traffic, "poster%d" % number, number, 0
        self.echoes, self.took, self.peer = [], [], None
        self.start()

    def say(self):
        text = "%s.%d" % (self.name, self.lines)
        self.lines += 1
        began = time.monotonic()
        self.peer.text(text)
        while True:
            message = self.peer.recv()
            if message.get("content") == text:
                self.echoes.append(message)
                self.took.append(time.monotonic() - began)
                return
            if message["type"] == "error":
                assert message["code"] == "unavailable", message
                return

    def run(self):
        while not self.traffic.stop.wait(self.traffic.pace):
            try:
                self.peer = self.peer or self.traffic.cluster.join(self.node, self.name)
                self.say()
            except (OSError, EOFError, AssertionError):  # its server has died, or is not ready yet
                self.peer = None
                self.node = (self.node + 1) % len(self.traffic.cluster.nodes)

    def finish(self):
        self.join()

    def accepted(self):
        return self.echoes


class Listener:
    def __init__(self, cluster, number, *since):
        self.path = os.path.join(cluster.dir, "heard%d" % number)
        with open(self.path, "wb") as out, open(self.path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                command("chat-listen", "-u", "listener%d" % number, "--hidden", "--wait", "-t", "message",
                        *(since or ("--since", "all", "--cursor-file", self.path + ".cursor")), "--retry-for", "forever", "-U", rotated(cluster, number)),
                stdout=out, stderr=err)  # fmt: skip

    def size(self):
        return os.path.getsize(self.path)

    def lines(self):
        with open(self.path, "rb") as file:
            return [line for line in file if line.endswith(b"\n")]

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(END)
        with open(self.path + ".err") as file:
            said = file.read()
        assert "may be missing" not in said, said


class Traffic:
    """Begins at once. pace: seconds between two messages of one who speaks."""

    def __init__(self, cluster, senders, pace):
        self.cluster, self.pace, self.stop = cluster, pace, threading.Event()
        self.listeners = [Listener(cluster, number) for number in range(len(cluster.nodes))]
        self.senders = [Sender(self, number) for number in range(senders)]
        self.senders += [Poster(self, number) for number in range(len(cluster.nodes))]

    def flows(self):
        """Waits until every listener has heard something more."""
        sizes = [listener.size() for listener in self.listeners]
        until(lambda: all(listener.size() > size for listener, size in zip(self.listeners, sizes)), "more is heard", END)

    def finish(self):
        """Ends it, and compares what was said with what was heard. Prints the figures."""
        self.stop.set()
        for sender in self.senders:
            sender.finish()
        accepted = {receipt["id"]: receipt for sender in self.senders for receipt in sender.accepted()}

        def is_heard():
            return (len({listener.size() for listener in self.listeners}) == 1
                    and len(self.listeners[0].lines()) >= len(accepted))  # fmt: skip

        try:
            until(is_heard, "all is heard", END)
        except AssertionError:
            self.explain(len(accepted))
            raise
        for listener in self.listeners:
            listener.finish()
        heard = [json.loads(line) for line in self.listeners[0].lines()]
        judge(self.senders, accepted, heard)
        first = common(self.listeners[0].lines())
        for listener in self.listeners[1:]:
            assert common(listener.lines()) == first, "the same on all servers"
        self.report(heard)
        until_kept(self.cluster, self.listeners[0].lines())

    def explain(self, accepted):
        """Prints how far everybody has come."""
        heard = [[json.loads(line)["id"] for line in listener.lines()] for listener in self.listeners]
        cluster = self.cluster
        for number, ids in enumerate(heard):
            print("# %d: heard %d, %d of them different, in order: %s, the last one %s; %s entries applied, %d stored; %s" % (
                number, len(ids), len(set(ids)), ids == sorted(ids), ids[-1], cluster.metric(number, "cluster_entries_total"),
                cluster.entries(number), cluster.health(number)))  # fmt: skip
        print("# accepted: %d" % accepted, flush=True)

    def report(self, heard):
        gaps = sorted(after["timestamp"] - before["timestamp"] for before, after in zip(heard, heard[1:]))
        echoes = sorted(took for sender in self.senders if isinstance(sender, Poster) for took in sender.took)
        dropped = [self.cluster.metric(number, "cluster_duplicates_total") for number in range(len(self.cluster.nodes))]
        print("# %d messages; the longest time without one %d ms, p99 %d ms; the longest echo %.1f s, p99 %.2f s, p50 %.3f s; "
              "duplicates dropped since the start of each server: %s" % (
                  len(heard), gaps[-1], gaps[len(gaps) * 99 // 100], echoes[-1], echoes[len(echoes) * 99 // 100],
                  echoes[len(echoes) // 2], ", ".join("?" if count is None else "%d" % count for count in dropped)),
              flush=True)  # fmt: skip


def common(lines):
    """Lines of NDJSON as all servers have them. With old nats-servers times can differ (chat-cluster(7))."""
    return lines if has_one_time() else [re.sub(rb'"timestamp":\d+', b'"timestamp":0', line) for line in lines]


def is_same(one, other):
    """Compares messages likewise."""
    return one == other or (not has_one_time() and {**one, "timestamp": 0} == {**other, "timestamp": 0})


def judge(senders, accepted, heard):
    """Compares what was accepted with what a listener has heard."""
    ids = [message["id"] for message in heard]
    assert len(ids) == len(set(ids)), "%d come twice" % (len(ids) - len(set(ids)))
    assert ids == sorted(ids), "not in the order of the ids"
    by_id = {message["id"]: message for message in heard}
    missing = [id for id in accepted if id not in by_id]
    assert not missing, "lost %d that were acknowledged, as %s" % (len(missing), missing[:3])
    wrong = [id for id in accepted if not is_same(accepted[id], by_id[id])]
    assert not wrong, "a receipt that is not the message: %r, %r" % (accepted[wrong[0]], by_id[wrong[0]])
    contents = Counter(message["content"] for message in heard)
    assert set(contents.values()) <= {1}, contents.most_common(3)
    retried = {sender.name for sender in senders if isinstance(sender, Sender)}
    for name in retried:  # a poster that has gone to another server may be overtaken by what it said there
        lines = [int(message["content"].split(".")[1]) for message in heard if message["sender"] == name]
        assert lines == sorted(lines), "the order of %s" % name
    more = [message for message in heard if message["id"] not in accepted and message["sender"] in retried]
    assert not more, "%d that nobody was told of" % len(more)


def archive(cluster, number):
    """Everything that a server has in the main channel, line by line."""
    got = subprocess.run(
        command("chat-listen", "-u", "archive", "--hidden", "-t", "message", "--since", "all", "--no-follow",
                "-U", cluster.url(number)), stdout=subprocess.PIPE, timeout=END, check=True)  # fmt: skip
    return got.stdout.splitlines(keepends=True)


def until_kept(cluster, lines):
    """Every server has these lines, and after them at most what nobody was told of: a sender that lost its server."""
    for number in range(len(cluster.nodes)):
        until(lambda n=number: len(archive(cluster, n)) >= len(lines), "server %d has kept all" % number, END)
        kept, lines = common(archive(cluster, number)), common(lines)
        differing = [pair for pair in zip(kept, lines) if pair[0] != pair[1]]
        assert not differing, "server %d has kept something else: %r" % (number, differing[0])
