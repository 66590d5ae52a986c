"""Measures a thousand clients that come back at once, each a million short messages behind, with a journal.

The server has its defaults. No client is dropped and each gets each message once (catchup.c counts them), while two
members of another channel go on talking. First all begin at the beginning, then each at another place. The cost of
delivering a live message is measured for comparison. BENCH_QUICK=1: a hundred clients, a fifth of the messages.
Results go to stdout and to results.ndjson (results.py); the exit status is 1 when a limit is exceeded.
"""
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
from results import BUILD, DISK, QUICK, TOOLS, Results, output_of, table, verdict, version_of  # noqa: E402

os.environ["BUILD"] = str(BUILD)
os.environ["TMP"] = tempfile.mkdtemp(prefix="chat-bench.", dir=DISK)
from peer import PING, PONG, frame  # noqa: E402
from serving import Server  # noqa: E402

READERS = 100 if QUICK else 1000
TEXT_BYTES, MESSAGES = 10, 200000 if QUICK else 1000000
P99_MS, OF_LIVE, RSS_MIB = 50, 2, 128


class Echo(threading.Thread):
    """How long a message of somebody live takes, meanwhile."""

    def __init__(self, server):
        super().__init__()
        self.peers = [server.join("alice", "/live"), server.join("carl", "/live")]
        self.took, self.over = [], False

    def hear(self, peer):
        while True:
            opcode, payload = peer.frame()
            if opcode == PING:
                peer.send(frame(PONG, payload))
            elif b'"ping"' in payload:
                return

    def run(self):
        while not self.over:
            begun = time.monotonic()
            self.peers[0].text("ping")
            for peer in self.peers:
                self.hear(peer)
            self.took.append((time.monotonic() - begun) * 1e3)
            time.sleep(0.005)  # as people do not

    def p99_ms(self):
        return sorted(self.took)[len(self.took) * 99 // 100]


def run(tool, *arguments):
    return json.loads(output_of(TOOLS / tool, *arguments, seconds=600))


def fill(folder):
    line = len('{"type":"message","id":"","sender":"alice","content":"","timestamp":,"channel":"/c0","senderId":"a"}')
    size = line + 23 + TEXT_BYTES + 13
    done = run("fill", "--journal", folder, "--size", MESSAGES * (size + 1), "--channels", 1, "-B", TEXT_BYTES)
    assert done["bytes"] == done["messages"] * (size + 1), done
    return done["messages"], size, done["middle"].split("-")[0]


def come_back(folder, messages, size, *more):
    server = Server("--quiet", "--journal", folder)
    echo = Echo(server)
    echo.start()
    port = server.url.rstrip("/").rsplit(":", 1)[1]
    try:
        told = run("catchup", "--port", port, "--pid", server.pid, "--readers", READERS, "--messages", messages,
                   "--message-bytes", size, *more)
    finally:
        echo.over = True
        echo.join()
    server.stop()
    return {**told, "live_p99_ms": echo.p99_ms()}


def live():
    server = Server("--quiet")
    told = run("load", "--url", server.url, "-N", 200, "-S", 32, "-W", 16, "-B", 26, "--time", "3s", "--pid", server.pid)
    server.stop()
    return told["server_ns_per_delivery"]


def main():
    results = Results("catchup", {"chat-serve": version_of(BUILD / "chat-serve")})
    try:
        folder = os.path.join(os.environ["TMP"], "journal")
        messages, size, epoch = fill(folder)
        rows = {
            "all at the beginning": come_back(folder, messages, size),
            "each at another place": come_back(folder, messages, size, "--epoch", epoch),
        }
        a_live_one = live()
    finally:
        shutil.rmtree(os.environ["TMP"], ignore_errors=True)
    for name, row in [*rows.items(), ("a live one", {"server_ns_per_delivery": a_live_one})]:
        results.note(name, "chat-serve", row)
    results.write()
    print(table("%d readers, %d messages of %d bytes" % (READERS, messages, size),
                ["", "to the last", "CPU a message", "RSS", "live p99"],
                [[name, "%.1f s" % row["seconds"], "%.0f ns" % row["cpu_ns_per_message"],
                  "%.0f MiB" % (row["rss_bytes"] / (1 << 20)), "%.1f ms" % row["live_p99_ms"]]
                 for name, row in rows.items()]))
    print("\nThe delivery of a live message: %.0f ns" % a_live_one)
    missed = [
        "%s: %s" % (name, what)
        for name, row in rows.items()
        for what, bad in (
            ("%d readers did not get just the messages" % row["wrong"], row["wrong"]),
            ("live p99 is above %d ms" % P99_MS, row["live_p99_ms"] > P99_MS),
            ("RSS is above %d MiB" % RSS_MIB, row["rss_bytes"] > RSS_MIB << 20),
        )
        if bad
    ]
    if rows["all at the beginning"]["cpu_ns_per_message"] > OF_LIVE * a_live_one:
        missed.append("a message of the past costs more than %d live ones" % OF_LIVE)
    return verdict(missed)


if __name__ == "__main__":
    sys.exit(main())
