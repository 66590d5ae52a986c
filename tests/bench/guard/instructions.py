"""Counts what the commands do for a unit of work, and holds it to the baseline: prints TAP.

	instructions.py [--write]

The figures are the instructions and the calls of libraries (the system's calls are among them) for each echo, delivery,
churned connection and validated byte. They do not depend on time, on the load of the machine, or on the C library; but on
the compiler. baseline.tsv has them by compiler and machine; where it has none for those of the build, the test is skipped.
A figure that differs by more than TOLERANCE fails, in either direction: what was gained is kept by writing it down.
--write puts the figures of this build into the baseline. CHAT_BUILD names the build.

The peers of chat-serve go step by step: the next one begins when the server has done everything for the one before. So a
turn of the server has the same work in each run. A ping begins and ends what is counted: callgrind writes its counts down
when conn_pong() is called. Counted are the turns, without the sweep, whose share depends on how long the run takes.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../helpers")]

import callgrind  # noqa: E402
from peer import TEXT, Peer, frame, until, whole_frames  # noqa: E402

BUILD = os.path.realpath(os.environ.get("CHAT_BUILD") or "build")
BASELINE = os.path.join(HERE, "baseline.tsv")
TOLERANCE = 0.03
CORPUS_MEGABYTES = 2
TURN = ["server_turn", "on_sweep"]  # where counting changes: a turn, without the sweep in it
TEXT_OF_64_BYTES = '{"type":"text","text":"%s"}' % ("x" * 64)


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def output_of(*arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout


# ---- chat-serve ----


class Server:
    """chat-serve, counted, without its sandbox, which would bind callgrind."""

    def __init__(self, folder):
        self.out = os.path.join(folder, "serve.out")
        self.errors, url_file = os.path.join(folder, "errors"), os.path.join(folder, "url")
        options = ["--toggle-collect=" + name for name in TURN] + ["--dump-before=conn_pong"]
        arguments = [os.path.join(BUILD, "chat-serve"), "--quiet", "--no-sandbox", "--listen", "127.0.0.1:0",
                     "--url-file", url_file]
        with open(self.errors, "w") as errors:
            self.process = subprocess.Popen(callgrind.command(self.out, options, arguments), stdin=subprocess.DEVNULL,
                                            stderr=errors)
        until(lambda: os.path.exists(url_file) or self.process.poll() is not None, "the server is ready")
        with open(url_file) as file:
            self.url = file.read().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # nothing, once it has ended
        self.process.wait()

    def join(self, name, path="/"):
        peer = Peer(self.url, path)
        peer.init(name, presence="hidden")
        return peer

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60):
            raise Failed("chat-serve ended with %d: %s" % (self.process.returncode, open(self.errors).read()[-500:]))

    def count(self, units, work):
        """Returns the Count for a unit of what work() makes the server do, so many units of it."""
        witness = self.join("witness", "/witness")
        witness.quiet()
        work()
        witness.quiet()
        self.stop()
        whole = callgrind.read(self.out + ".2", "chat-serve")
        if not whole.instructions:
            raise Failed("nothing was counted: are %s its functions?" % ", ".join(TURN))
        return callgrind.Count(whole.instructions / units, whole.calls / units,
                               {name: count / units for name, count in whole.callees.items()})


def read_frames(peer, count):
    """Reads so many frames, whatever they are."""
    while count > 0:
        count -= sum(1 for _ in whole_frames(peer.got))
        if count > 0 and not peer.more():
            raise Failed("the server ended a connection")


def serve_room(members, texts):
    """One of the members says texts; each of them is heard by all before the next one."""

    def measure(folder):
        with Server(folder) as server:
            room = [server.join("member-%d" % i) for i in range(members)]

            def work():
                for _ in range(texts):
                    room[0].send(frame(TEXT, TEXT_OF_64_BYTES))
                    for peer in room:
                        read_frames(peer, 1)

            return server.count(texts * members, work)

    return measure


def serve_churn(connections):
    """Connects, joins and leaves, one after the other."""

    def measure(folder):
        with Server(folder) as server:

            def work():
                for _ in range(connections):
                    server.join("guest", "/churn").leave()

            return server.count(connections, work)

    return measure


def with_ring(measure):
    """Skips where the sends of many connections were not one call: the kernel has no io_uring, or valgrind knows none."""

    def checked(folder):
        count = measure(folder)
        if "io_uring_submit_and_wait" not in count.callees:
            raise Skipped("no io_uring can be had under valgrind here")
        return count

    return checked


# ---- chat-validate ----


def validate(kind, scanner):
    """Checks the benchmark's corpus, which is the same bytes each time."""

    def measure(folder):
        corpus, out = os.path.join(folder, "corpus"), os.path.join(folder, "validate.out")
        with open(corpus, "w") as file:
            subprocess.run([os.path.join(BUILD, "tests/bench/validate_corpus"), kind, str(CORPUS_MEGABYTES)],
                           stdout=file, check=True)
        arguments = [os.path.join(BUILD, "chat-validate"), "-j", 1, "--max-errors", 0, corpus]
        if scanner == "avx2" and not re.search(r"^flags.*\bavx2\b", open("/proc/cpuinfo").read(), re.M):
            raise Skipped("this processor has no AVX2")
        status = subprocess.run(callgrind.command(out, [], arguments), stdout=subprocess.DEVNULL,
                                env={**os.environ, "CHAT_VALIDATE_SCAN": scanner}).returncode
        if status != (1 if kind == "bad" else 0):
            raise Failed("chat-validate ended with %d" % status)
        whole, size = callgrind.read(out, "chat-validate"), os.path.getsize(corpus)
        return callgrind.Count(whole.instructions / size, whole.calls / size,
                               {name: count / size for name, count in whole.callees.items()})

    return measure


MEASURES = {
    "chat-serve, an echo in a room of two, to each": serve_room(2, 1000),
    "chat-serve, a delivery in a room of a hundred": with_ring(serve_room(100, 200)),
    "chat-serve, a connection that joins and leaves": serve_churn(200),
    "chat-validate, a byte, SSE2": validate("normal", "sse2"),
    "chat-validate, a byte, AVX2": validate("normal", "avx2"),
    "chat-validate, a byte where one line in twenty is bad": validate("bad", "sse2"),
}


# ---- the baseline ----


def build_key():
    """What the figures depend on: the compiler, as the program names it, its flags, and the machine."""
    comment = output_of("readelf", "-p", ".comment", os.path.join(BUILD, "chat-serve"))
    compiler = re.search(r"(GCC|clang)\b.* (\d+\.\d+)\.", comment)
    name = "%s %s" % (compiler[1].lower(), compiler[2]) if compiler else "an unknown compiler"
    return "%s %s %s" % (name, os.environ.get("CHAT_GUARD_CFLAGS", "-O2 -g"), os.uname().machine)


def baseline_read():
    with open(BASELINE) as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {(key, name): (float(instructions), float(calls)) for key, name, instructions, calls in rows}


def baseline_write(rows):
    with open(BASELINE) as file:
        head = [line for line in file if line.startswith("#")]
    with open(BASELINE, "w") as file:
        file.writelines(head)
        for (key, name), figures in sorted(rows.items()):
            file.write("%s\t%s\t%.4g\t%.4g\n" % (key, name, *figures))


def deviation(got, want):
    return (got - want) / want if want else float(got != want)


def figures_of(measure):
    with tempfile.TemporaryDirectory(prefix="chat-guard.") as folder:
        return measure(folder)


def check(name, count, want):
    """Returns true if both figures are those of the baseline; says what they are."""
    got = count.instructions, count.calls
    off = [deviation(*pair) for pair in zip(got, want)]
    if all(abs(one) <= TOLERANCE for one in off):
        return True
    print("# %.4g instructions where %.4g were (%+.1f %%), %.4g calls of libraries where %.4g were (%+.1f %%)" %
          (got[0], want[0], 100 * off[0], got[1], want[1], 100 * off[1]))
    for callee, calls in sorted(count.callees.items(), key=lambda item: -item[1])[:12]:
        print("#   %8.4g %s" % (calls, callee))
    print("# if that is meant: make bench-baseline writes the new figures down")
    return False


def run(number, name, key, rows, write):
    """One line of TAP. Returns true unless the test failed."""
    want = rows.get((key, name))
    try:
        if not want and not write:
            raise Skipped("the baseline has no %s" % key)
        count = figures_of(MEASURES[name])
    except Skipped as why:
        print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
        return True
    except (Failed, OSError, AssertionError, subprocess.SubprocessError) as error:
        print("not ok %d - %s\n# %s" % (number, name, error), flush=True)
        return False
    label = "%s: %.4g instructions, %.4g calls" % (name, count.instructions, count.calls)
    if write:
        rows[(key, name)] = count.instructions, count.calls
    good = write or check(name, count, want)
    print("%s %d - %s" % ("ok" if good else "not ok", number, label), flush=True)
    return good


def main():
    write, key, rows = "--write" in sys.argv, build_key(), baseline_read()
    good = [run(number, name, key, rows, write) for number, name in enumerate(MEASURES, 1)]
    if write:
        baseline_write(rows)
    print("1..%d" % len(good))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
