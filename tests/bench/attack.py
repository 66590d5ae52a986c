"""Measures the 99th percentile of the time from a text to its message for twenty honest users during attacks.

The server has its defaults. Each attack of tests/helpers/attack.py lasts ten seconds (BENCH_QUICK=1: one, and
only some of them). At the end
ten thousand connections never finish their request head, and the time is taken until the last of them is closed. The
exit status is 1 when a limit is exceeded.
"""
import os
import resource
import selectors
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
from results import BUILD, QUICK, Results, table, verdict, version_of  # noqa: E402

os.environ["BUILD"] = str(BUILD)
os.environ["TMP"] = tempfile.mkdtemp(prefix="chat-bench.")
from attack import ATTACKS, Attack, Crowd, surroundings  # noqa: E402
from peer import connect  # noqa: E402
from serving import Server  # noqa: E402

SECONDS = 1 if QUICK else 10
P99_MS, FLOODED_P99_MS = 50, 100
SLOW, GONE_SECONDS = 10000, 12

# Its flood is in the crowd's own channel, and all of it is for the crowd to read, which is in Python: that would be
# the crowd's time. tests/e2e/serve-attack.sh has it.
NOT_TIMED = {"texts among them"}
QUICK_ONES = {"half a frame", "bombs", "connections", "texts"}


def quiet_and(row):
    server = Server("--quiet", **surroundings(row))
    crowd = Crowd(server)
    if row:
        attack = Attack(row, server)
        crowd.chat(SECONDS)
        attack.end()
    else:
        crowd.chat(SECONDS)
    server.stop()
    return crowd


def slow_heads():
    """How many connections there were, and the seconds until all were gone."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = Server("--quiet")
    alive = selectors.EpollSelector()
    count = min(SLOW, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    start = time.monotonic()
    for number in range(count):
        sock = connect(server.url, source="127.0.0.%d" % (100 + number % 100))
        sock.send(b"GET / HTTP/1.1\r\n")
        alive.register(sock, selectors.EVENT_READ)
    connected = time.monotonic()
    while alive.get_map() and time.monotonic() - start < 60:
        for key, _ in alive.select(1):
            if not key.fileobj.recv(1 << 16):
                alive.unregister(key.fileobj)
                key.fileobj.close()
    gone = time.monotonic() - connected
    assert not alive.get_map(), "some stay"
    server.stop()
    return count, gone


def main():
    results = Results("attack", {"chat-serve": version_of(BUILD / "chat-serve")})
    missed, rows = [], []
    for row in [None, *(row for row in ATTACKS if row not in NOT_TIMED and (not QUICK or row in QUICK_ONES))]:
        name, crowd = row or "none", quiet_and(row)
        bar = FLOODED_P99_MS if name.startswith("texts") else P99_MS
        if crowd.p99_ms() > bar:
            missed.append("%s: p99 is %.1f ms, not %d" % (name, crowd.p99_ms(), bar))
        results.note(name, "chat-serve", {"texts": crowd.rounds, "p99_ms": crowd.p99_ms()})
        rows.append([name, "%d" % crowd.rounds, "%.1f" % crowd.p99_ms(), "%d" % bar])
    print(table("", ["attack", "texts", "p99, ms", "bar, ms"], rows), flush=True)
    if not QUICK:
        count, gone = slow_heads()
        if gone > GONE_SECONDS:
            missed.append("slow handshakes are gone after %.1f s, not %d" % (gone, GONE_SECONDS))
        results.note("slow handshakes", "chat-serve", {"connections": count, "gone_s": gone})
        print("\n%d slow handshakes are gone %.1f s after the last began (%d)" % (count, gone, GONE_SECONDS))
    results.write()
    return verdict(missed)


if __name__ == "__main__":
    sys.exit(main())
