"""Measures how long chat-listen --since all --no-follow -t message takes for a channel of a million short messages.

It writes into a file, with a cursor file beside it, and into a pipe; the number of messages is compared with the
journal's. BENCH_QUICK=1: a tenth of them, once. Results go to stdout and to results.ndjson (results.py). The exit
status is 1 when a run takes 3 s or longer, or a message is missing.
"""
import os
import resource
import shutil
import subprocess
import sys
import time

import catchup
from results import BUILD, QUICK, Results, table, verdict, version_of
from serving import Server

ROUNDS, SECONDS = 1 if QUICK else 3, 3.0
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


def measure(results, case, server, want, *options, **how):
    for _ in range(ROUNDS):
        if os.path.exists(TMP + "/cursor"):
            os.unlink(TMP + "/cursor")
        seconds, cpu, size = listen(server, *options, **how)
        assert size == want, "%d bytes came, not %d" % (size, want)
        results.note(case, "chat-listen", {"seconds": seconds, "cpu_seconds": cpu})


def main():
    cursor = ("--cursor-file", TMP + "/cursor")
    results = Results("archive", {"chat-listen": version_of(BUILD / "chat-listen")})
    try:
        messages, size, _ = catchup.fill(TMP + "/journal")
        server = Server("--quiet", "--journal", TMP + "/journal")
        want = messages * (size + 1)
        measure(results, "into a file", server, want, "--since", "all")
        measure(results, "with a cursor file", server, want, "--since", "all", *cursor)
        measure(results, "through a pipe, with a cursor file", server, want, "--since", "all", *cursor, pipe=True)
        server.stop()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    results.write()
    rows = {case: [results.median(case, "chat-listen", metric) for metric in ("seconds", "cpu_seconds")]
            for case in dict.fromkeys(line["case"] for line in results.lines)}
    print(table("An archive of %d messages of %d bytes" % (messages, size), ["", "seconds", "CPU of the listener"],
                [[name, "%.2f" % seconds, "%.2f" % cpu] for name, (seconds, cpu) in rows.items()]))
    return verdict(["%s: %.1f s, not %.0f" % (name, seconds, SECONDS) for name, (seconds, _) in rows.items()
                    if seconds >= SECONDS])


if __name__ == "__main__":
    sys.exit(main())
