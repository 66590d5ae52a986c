"""Measures how long chat-listen --since all --no-follow -t message takes for a channel of a million short messages.

It writes into a file, with a cursor file beside it, and into a pipe; the number of messages is compared with the
journal's. BENCH_QUICK=1: a tenth of the messages. Results go to stdout and to bench/archive.json of the build. The
exit status is 1 when a run takes 3 s or longer, or a message is missing.
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import time

import catchup
from catchup import BUILD, QUICK
from serving import Server

ROUNDS, SECONDS = 3, 3.0
if QUICK:
    catchup.MESSAGES //= 10
TMP = os.environ["TMP"]


def listen(server, *options, pipe=False):
    """Wall and CPU seconds of chat-listen, and the bytes that came."""
    command = [str(BUILD / "chat-listen"), "-U", server.url, "-c", "c0", "--no-follow", "-t", "message", *options]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(TMP + "/out", "wb") as out:
        if pipe:
            listener = subprocess.Popen(command, stdout=subprocess.PIPE)
            cat = subprocess.Popen(["cat"], stdin=listener.stdout, stdout=out)
            listener.stdout.close()
            status = listener.wait() or cat.wait()
        else:
            status = subprocess.run(command, stdout=out).returncode
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert status == 0, status
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, os.path.getsize(TMP + "/out")


def measure(server, want, *options, **how):
    """The median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        if os.path.exists(TMP + "/cursor"):
            os.unlink(TMP + "/cursor")
        rounds.append(listen(server, *options, **how))
        assert rounds[-1][2] == want, "%d bytes came, not %d" % (rounds[-1][2], want)
    return dict(zip(("seconds", "cpu_seconds"), sorted(rounds)[ROUNDS // 2]))


def main():
    cursor = ("--cursor-file", TMP + "/cursor")
    try:
        messages, size, _ = catchup.fill(TMP + "/journal")
        server = Server("--quiet", "--journal", TMP + "/journal")
        want = messages * (size + 1)
        rows = {
            "into a file": measure(server, want, "--since", "all"),
            "with a cursor file": measure(server, want, "--since", "all", *cursor),
            "through a pipe, with a cursor file": measure(server, want, "--since", "all", *cursor, pipe=True),
        }
        server.stop()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    print("An archive of %d messages of %d bytes\n\n| | seconds | CPU of the listener |\n|---|---:|---:|" % (messages, size))
    for name, row in rows.items():
        print("| %s | %.2f | %.2f |" % (name, row["seconds"], row["cpu_seconds"]))
    (BUILD / "bench").mkdir(exist_ok=True)
    (BUILD / "bench/archive.json").write_text(json.dumps(rows, indent=1) + "\n")
    slow = [name for name, row in rows.items() if row["seconds"] >= SECONDS]
    print("\n" + ("Not within %.0f s: %s" % (SECONDS, ", ".join(slow)) if slow else "Each is within %.0f s." % SECONDS))
    return bool(slow)


if __name__ == "__main__":
    sys.exit(main())
