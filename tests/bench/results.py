"""What the benchmarks share: where the build is, how their figures are noted, and tables.

Each figure of each run is a line of results.ndjson in the bench folder of the build. Its members: `bench`, the script
that measured; `case`, what was measured; `program`, whose figure it is; `metric`, its name; `value`; `unit`, such as
"ns/delivery", empty for a plain number; `version` of the program, empty where it is not known. A script that runs again
replaces the lines of the cases that it has measured.
"""
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(os.environ.get("CHAT_BUILD") or "build").resolve()
FOLDER = BUILD / "bench"  # of results and pictures
MODULES = FOLDER / "node_modules"
TOOLS = BUILD / "tests/bench"
QUICK = os.environ.get("BENCH_QUICK", "") not in ("", "0")
# Where journals and streams are written.
DISK = Path(os.environ.get("CHAT_BENCH_DIR") or BUILD).resolve()

FILE = FOLDER / "results.ndjson"
# Of a word in the name of a metric.
UNITS = {"ns": "ns", "us": "µs", "ms": "ms", "s": "s", "seconds": "s", "bytes": "bytes", "rss": "bytes",
         "share": "share", "mb": "MB", "mib": "MiB"}


class Failed(Exception):
    """A measurement that cannot be had; the text says why."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(*command, seconds=60):
    """What a command prints; Failed if it fails."""
    command = [str(one) for one in command]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"not done after {seconds} s: {' '.join(command)}") from error
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout.strip()


def version_of(program):
    """The first line of its --version; empty where it has none."""
    try:
        return output_of(program, "--version", seconds=20).splitlines()[0]
    except (Failed, OSError, IndexError):
        return ""


def pinned(core, command):
    """The command on one core, if there are several."""
    return ["taskset", "-c", str(core), *map(str, command)] if os.cpu_count() > 1 else list(map(str, command))


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"cpu": names[0] if names else platform.machine(), "kernel": platform.release(),
            "date": time.strftime("%Y-%m-%d %H:%M %Z")}


def unit_of(metric):
    """The unit that a metric has in its name: "ns/delivery" of server_ns_per_delivery, "µs" of latency_us.p99."""
    words = metric.replace(".", "_").split("_")
    if "per" in words[1:-1]:
        at = words.index("per", 1)
        return "/".join(UNITS.get(word, word) for word in (words[at - 1], words[at + 1]))
    return next((UNITS[word] for word in reversed(words) if word in UNITS), "")


def numbers(figures, prefix=""):
    """Each number of nested dictionaries with its path."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield prefix + name, value


class Results:
    """The figures of one benchmark. versions: of the programs, by name."""

    def __init__(self, bench, versions=None):
        self.bench, self.versions, self.lines = bench, versions or {}, []

    def note(self, case, program, figures):
        """Notes the numbers of one run, which are those of a tool's JSON. Returns them as they were."""
        for metric, value in numbers(figures):
            self.lines.append({"bench": self.bench, "case": case, "program": program, "metric": metric, "value": value,
                               "unit": unit_of(metric), "version": self.versions.get(program, "")})
        return figures

    def run(self, case, program, command, core=None):
        """Notes what a tool prints as JSON, and returns it."""
        command = pinned(core, command) if core is not None else command
        figures = self.note(case, program, json.loads(output_of(*command, seconds=180)))
        say(f"{self.bench}: {case}: {program}: {json.dumps(figures)[:150]}")
        return figures

    def drop(self, case, program):
        self.lines = [line for line in self.lines if (line["case"], line["program"]) != (case, program)]

    def values(self, case, program, metric):
        return [line["value"] for line in self.lines
                if (line["case"], line["program"], line["metric"]) == (case, program, metric)]

    def median(self, case, program, metric):
        """Over the runs; None where there was none."""
        values = self.values(case, program, metric)
        return statistics.median(values) if values else None

    def write(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        cases = {line["case"] for line in self.lines}
        others = map(json.loads, FILE.read_text().splitlines()) if FILE.exists() else ()
        kept = [line for line in others if line["bench"] != self.bench or line["case"] not in cases]
        FILE.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept + self.lines))


def rotated(rows, turn):
    """The rows in another order in each round, so that nobody is always first."""
    return rows[turn % len(rows):] + rows[:turn % len(rows)]


def table(title, head, rows):
    """A table in Markdown: the first column to the left, the others to the right."""
    lines = [f"{title}\n"] if title else []
    lines += [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def ratio(one, other):
    return f"{one / other:.2f}" if one is not None and other else ""


def verdict(missed):
    """Says which limits were missed, if any. Returns the exit status: what is measured quickly is too rough to fail."""
    print("\n" + ("\n".join(missed) or "All figures are what they should be at least."))
    return bool(missed) and not QUICK
