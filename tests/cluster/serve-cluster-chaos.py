"""Servers of both kinds are killed, stopped and started again while many speak: nothing acknowledged is lost, nothing
comes twice, and all listeners have the same messages in the same order.
"""
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

from clustering import BUILD, NATS_SERVER, Cluster
from peer import SLOWNESS, until
from serving import case, main, unittest

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SENDERS, LINES = (64, 2000) if FULL else (8, 300)
NODE_KILLS, NATS_KILLS = (20, 20) if FULL else (2, 2)
PACE = 0.1 if FULL else 0.05  # seconds between two lines of a sender
END = 120 * SLOWNESS


class Sender(threading.Thread):
    """chat-send -l, fed line by line; its receipts go to a file."""

    def __init__(self, cluster, number, urls):
        super().__init__(daemon=True)
        self.number, self.receipts_path = number, os.path.join(cluster.dir, "receipts%d" % number)
        with open(self.receipts_path, "wb") as out, open(self.receipts_path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", os.path.join(BUILD, "chat-send"), "-l", "-v", "-u", "sender%d" % number,
                 "-U", urls, "--retry-for", "forever"],
                stdin=subprocess.PIPE, stdout=out, stderr=err)  # fmt: skip
        self.start()

    def run(self):
        for line in range(LINES):
            self.process.stdin.write(b"%d.%d\n" % (self.number, line))
            self.process.stdin.flush()
            time.sleep(PACE)
        self.process.stdin.close()

    def receipts(self):
        with open(self.receipts_path) as file:
            return [json.loads(line) for line in file]


class Listener:
    def __init__(self, cluster, number, urls):
        self.path = os.path.join(cluster.dir, "heard%d" % number)
        with open(self.path, "wb") as out, open(self.path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", os.path.join(BUILD, "chat-listen"), "-u", "listener%d" % number,
                 "--hidden", "--wait", "-t", "message", "--since", "all", "--cursor-file", self.path + ".cursor",
                 "--retry-for", "forever", "-U", urls], stdout=out, stderr=err)  # fmt: skip

    def heard(self):
        with open(self.path, "rb") as file:
            return [json.loads(line) for line in file if line.endswith(b"\n")]


def rotated(cluster, by):
    urls = [cluster.url(number) for number in range(len(cluster.nodes))]
    return ",".join(urls[by % len(urls) :] + urls[: by % len(urls)])


def disturb(cluster, stop):
    """Kills and starts servers of both kinds, one at a time; what it did."""
    acts = ["node"] * NODE_KILLS + ["nats"] * NATS_KILLS
    random.shuffle(acts)
    for act in acts:
        if stop.is_set():
            return
        number = random.randrange(3)
        if act == "node":
            cluster.nodes[number].kill()
            time.sleep(random.uniform(0, 1))
            cluster.start(number)
        else:
            leader = cluster.leader()
            number = number if leader is None or random.random() < 0.5 else leader
            cluster.nats[number].kill()
            time.sleep(random.uniform(0, 2))
            cluster.restart_nats(number)
        time.sleep(random.uniform(1, 3))


def judge(senders, listeners):
    """Compares all receipts with what every listener has heard."""
    accepted = set()
    for sender in senders:
        receipts = sender.receipts()
        kinds = Counter(receipt["type"] for receipt in receipts)
        assert kinds == {"message": LINES}, (sender.number, kinds)
        accepted |= {receipt["id"] for receipt in receipts}
    heards = [listener.heard() for listener in listeners]
    for heard in heards:
        ids = [message["id"] for message in heard]
        assert len(ids) == len(set(ids)), "%d come twice" % (len(ids) - len(set(ids)))
        assert ids == sorted(ids), "not in the order of the ids"
        assert set(ids) == accepted, "lost %d, more %d" % (len(accepted - set(ids)), len(set(ids) - accepted))
        contents = Counter(message["content"] for message in heard)
        assert len(contents) == SENDERS * LINES and set(contents.values()) == {1}, contents.most_common(3)
        for sender in senders:
            lines = [int(message["content"].split(".")[1]) for message in heard
                     if message["content"].split(".")[0] == str(sender.number)]  # fmt: skip
            assert lines == sorted(lines), "the order of sender %d" % sender.number
    for heard in heards[1:]:
        assert heard == heards[0], "the same on all nodes"


def stalls(heard):
    """The gaps between the times of two messages, in ms, in ascending order."""
    times = [message["timestamp"] for message in heard]
    return sorted(after - before for before, after in zip(times, times[1:]))


def play(**options):
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    cluster = Cluster(**options).start_all()
    listeners = [Listener(cluster, number, rotated(cluster, number)) for number in range(3)]
    senders = [Sender(cluster, number, rotated(cluster, number)) for number in range(SENDERS)]
    stop = threading.Event()
    disturb(cluster, stop)
    for sender in senders:
        sender.join()
        assert sender.process.wait(END) == 0, open(sender.receipts_path + ".err").read()[-2000:]
    until(lambda: all(len(listener.heard()) >= SENDERS * LINES for listener in listeners), "all is heard", 30 * SLOWNESS)
    for listener in listeners:
        listener.process.send_signal(signal.SIGTERM)
        listener.process.wait(END)
    judge(senders, listeners)
    gaps = stalls(listeners[0].heard())
    print("# %d messages, the longest stall %d ms, p99 %d ms" % (len(gaps) + 1, gaps[-1], gaps[len(gaps) * 99 // 100]))
    for number in range(3):
        cluster.ready(number)
    cluster.close()


@case("servers of both kinds are killed and started again", server=False)
def _():
    play(journal=True)


@case("the same, with messages in memory only", server=False)
def _():
    if not FULL:
        raise unittest.SkipTest("CHAT_TEST_FULL=1 plays this, too")
    play()


if __name__ == "__main__":
    main()
