"""Measures chat-serve against other chat servers and against the floor (floor.c), on this machine, now.

Each server runs on one core, the load generator on another. A run is a fresh server on a port of its own and one
load. The servers take turns, round by round; a figure is the median of its rounds. Before the rounds of a case the
load generator checks that each receiver gets each text, once, unchanged, in one order. During the rounds it checks
that each receiver gets as many as were sent, and the order for the senders and a sample of the listeners. At a rate
(latency) the texts are sent when they are due, whatever comes back, and a time counts from then. Results go to stdout
as tables, to fanout.md, to fanout.svg, latency.svg and memory.svg, and to results.ndjson (results.py), in the bench
folder of the build. CHAT_BUILD names the build; BENCH_QUICK=1 is --quick.
"""
import argparse
import resource
import signal
import sys

import fanout_table
from fanout_cases import CASES, RATES_OF, possible
from results import FOLDER, QUICK, Failed, Results, machine, say
from servers import run_once, servers_found, two_cores

MOST_DESCRIPTORS = 110000  # for 100,000 connections; as many as an unprivileged process may have, if fewer
SPARE_DESCRIPTORS = 100
LOAD_SHARE_MAX = 0.95


class Bench:
    def __init__(self, options, servers, cores):
        self.options, self.servers, self.cores = options, servers, cores
        self.results = Results("fanout", {name: server.title for name, server in servers.items()})
        self.failed = False

    def median(self, case, name):
        return self.results.median(case.key, name, case.metric)

    def is_bound_by_load(self, case, name):
        """Returns true when the load generator had no spare CPU time, so that the server may be faster."""
        share = self.results.median(case.key, name, "load_cpu_share")
        return case.needs_load and share is not None and share > LOAD_SHARE_MAX

    def share_of_others(self):
        """The largest share of a run that chat-serve, floor or load waited for cores that others had."""
        return max((line["value"] for line in self.results.lines if line["program"] in ("chat-serve", "floor")
                    and line["metric"] in ("server_wait_share", "load_wait_share")), default=0)

    def arguments(self, case):
        arguments = list(case.arguments)
        if case.seconds:
            arguments += ["--time", f"{self.options.time}ms", "--warmup", f"{self.options.warmup}ms"]
        if case.rate_share:
            saturation = self.results.median(RATES_OF, "bun", "deliveries_per_s")
            if saturation is None:
                return None
            arguments += ["--rate", int(saturation * case.rate_share / case.connections)]
        return arguments

    def run(self, case, name, turn=None):
        """One more result, or the check that comes first; a server that failed in a case is left out of it."""
        arguments = self.arguments(case)
        if turn is None:
            arguments += ["--verify", "--time", "200ms"]
        try:
            result = run_once(self.servers[name], arguments, self.cores)
        except (Failed, ValueError) as error:
            self.failed = True
            self.results.drop(case.key, name)
            say(f"{case.key}: {name}: FAILED: {error}")
            return False
        if turn is None:
            return True
        self.results.note(case.key, name, result)
        value = self.results.values(case.key, name, case.metric)[-1]
        say(f"{case.key}: round {turn + 1}: {name}: {fanout_table.number(value, case.unit)} {case.unit}")
        return True

    def measure(self, case):
        if self.arguments(case) is None:
            say(f"{case.key}: left out: its rate is a share of Bun's in {RATES_OF}")
            return
        names = [name for name in case.servers if name in self.servers]
        if case.seconds:
            names = [name for name in names if self.run(case, name)]
        for turn in range(min(case.rounds, self.options.rounds)):
            names = [name for name in names if self.run(case, name, turn)]
            names = names[1:] + names[:1]  # nobody is always first


# ---- the surroundings ----


def descriptors():
    """As many as this process may have, for servers and load to inherit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, MOST_DESCRIPTORS), max(hard, MOST_DESCRIPTORS)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cases_possible(options):
    limit = descriptors() - SPARE_DESCRIPTORS
    for case in CASES:
        if case.key not in options.case if options.case else options.quick and not case.quick:
            continue
        adapted = possible(case, limit)
        if adapted is not case:
            say(f"{case.key}: {case.label}: only {limit} descriptors may be had; "
                + (f"{adapted.label} instead" if adapted else "left out"))
        if adapted:
            yield adapted


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", default=QUICK,
                        help="one round of a second each, of a few cases and without ws: roughly right, in a minute")
    parser.add_argument("--rounds", type=int, help="of each case (5)")
    parser.add_argument("--time", type=int, help="milliseconds that are measured of each run (3000)")
    parser.add_argument("--warmup", type=int, help="milliseconds before that (700)")
    parser.add_argument("--case", action="append", metavar="KEY", choices=[case.key for case in CASES],
                        help="only this; repeatable: " + ", ".join(case.key for case in CASES))
    parser.add_argument("--server", action="append", metavar="NAME", choices=["chat-serve", "bun", "ws", "floor"],
                        help="only this; repeatable: chat-serve, bun, ws, floor")
    parser.add_argument("--hold", action="store_true",
                        help="exit with 1 where chat-serve is held to more than was measured")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.time = options.time or (1000 if options.quick else 3000)
    options.warmup = options.warmup if options.warmup is not None else 300 if options.quick else 700
    options.server = options.server or (["chat-serve", "bun", "floor"] if options.quick else None)
    return options


def report(bench, cases):
    """Prints the tables, and draws the pictures of what was measured. Returns the rows of the first table."""
    about = {**machine(), "share_of_others": bench.share_of_others()}
    rows = fanout_table.rows(cases, bench.median, bench.is_bound_by_load)
    tables = [fanout_table.markdown(rows, bench.results.versions, about, bench.options)]
    tables += filter(None, (fanout_table.details(cases, bench.results, group) for group in fanout_table.DETAILS))
    text = "\n\n".join(tables) + "\n"
    print(text)
    (FOLDER / "fanout.md").write_text(text)
    pictures = {"fanout": fanout_table.fan_out_picture(rows, about),
                "latency": fanout_table.latency_picture(cases, bench.results),
                "memory": fanout_table.memory_picture(rows)}
    for name, drawn in pictures.items():
        if drawn:
            (FOLDER / f"{name}.svg").write_text(drawn)
    return rows


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the server that runs
    options = options_read()
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = list(cases_possible(options))
    bench = Bench(options, servers_found(options.server), two_cores())
    for case in cases:
        bench.measure(case)
    bench.results.write()
    rows = report(bench, cases)
    missed = fanout_table.missed(cases, rows) if options.hold else []
    for label in missed:
        say(f"not reached, or not measured: {label}")
    return 1 if bench.failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
