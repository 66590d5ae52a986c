"""Measures chat-serve against other chat servers and against the floor (floor.c), on this machine, now.

Each server runs on one core, the load generator on another. A run is a fresh server on a port of its own and one
load. The servers take turns, round by round; a figure is the median of its rounds. Before the rounds of a case the
load generator checks that each receiver gets each text, once, unchanged, in one order. During the rounds it checks
that each receiver gets as many as were sent, and the order for the senders and a sample of the listeners. Results go
to stdout as a table, and to fanout.md, fanout.json and fanout.svg in the bench folder of the build. CHAT_BUILD names
the build; BENCH_QUICK=1 is --quick.
"""
import argparse
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fanout_picture
import fanout_table
from fanout_cases import CASES, possible

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("CHAT_BUILD") or "build").resolve()
RESULTS = BUILD / "bench"
MODULES = RESULTS / "node_modules"
SPARE_DESCRIPTORS = 100
START_SECONDS = 20
LOAD_SECONDS = 180
LOAD_SHARE_MAX = 0.95


class Failed(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, **options)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit status {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout.strip()


# ---- the servers ----


class Server:
    """A way to start one; it prints its URL on stdout, or into the file that its command line names."""

    def __init__(self, name, title, command, environment=None):
        self.name, self.title, self.command = name, title, command
        self.environment = {**os.environ, **(environment or {})}

    def start(self, core, folder):
        url_file, said = folder / "url", folder / "stderr"
        url_file.unlink(missing_ok=True)
        prints = "URL_FILE" not in self.command
        command = ["taskset", "-c", str(core)] + [str(url_file) if a == "URL_FILE" else str(a) for a in self.command]
        with open(url_file if prints else os.devnull, "w") as out, open(said, "w") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.environment)
        deadline = time.monotonic() + START_SECONDS
        while not (url_file.exists() and url_file.read_text().endswith("\n")):
            if process.poll() is not None or time.monotonic() > deadline:
                stop(process)
                raise Failed(f"{self.name} does not start: {said.read_text().strip()[:500]}")
            time.sleep(0.01)
        return process, url_file.read_text().strip()


def stop(process):
    process.terminate()
    try:
        process.wait(8)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def chat_serve():
    serve = BUILD / "chat-serve"
    return Server("chat-serve", output_of(serve, "--version").splitlines()[0],
                  [serve, "--quiet", "--listen", "127.0.0.1:0", "--url-file", "URL_FILE", "--max-connections",
                   1000000, "--max-members", 1000000, "--queue-total", "4G"])


def floor():
    return Server("floor", "floor", [BUILD / "tests/bench/floor"])


def bun():
    """npm leaves the program in the package of the platform, or in bun's own once its install script ran."""
    found = [*MODULES.glob("@oven/bun-*/bin/bun"), *MODULES.glob("bun/bin/bun.exe")]
    if not found:
        raise Failed(f"there is no bun in {MODULES} (make bench-deps)")
    version = output_of(found[0], "--version")
    return Server("bun", f"Bun {version}", [found[0], HERE / "peers/bun.js"])


def ws():
    if not (MODULES / "ws").is_dir():
        raise Failed(f"there is no ws in {MODULES} (make bench-deps)")
    version = json.loads((MODULES / "ws/package.json").read_text())["version"]
    return Server("ws", f"ws {version}, node {output_of('node', '--version')}", ["node", HERE / "peers/ws.js"],
                  {"NODE_PATH": str(MODULES)})


def servers_found(wanted):
    """Those that can run. A peer that cannot is said to be missing; chat-serve and floor must be there."""
    found = {}
    for name, make in {"chat-serve": chat_serve, "bun": bun, "ws": ws, "floor": floor}.items():
        if wanted and name not in wanted:
            continue
        try:
            found[name] = make()
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            if name in ("chat-serve", "floor"):
                raise
            say(f"without {name}: {error}")
    return found


# ---- a run ----


def load(arguments, url, pid, core):
    command = ["taskset", "-c", str(core), str(BUILD / "tests/bench/load"), "--url", url, "--pid", str(pid),
               *map(str, arguments)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"load was not done after {LOAD_SECONDS} s: {' '.join(command)}") from error
    if done.returncode:
        raise Failed(f"{done.stderr.strip()[:500]} ({' '.join(command)})")
    return json.loads(done.stdout)


def run_once(server, arguments, cores):
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        process, url = server.start(cores[0], Path(folder))
        try:
            return load(arguments, url, process.pid, cores[1])
        finally:
            stop(process)


def figure(result, metric):
    for key in metric.split("."):
        result = result[key]
    return result


class Bench:
    def __init__(self, options, servers, cores):
        self.options, self.servers, self.cores = options, servers, cores
        self.runs = {}  # case key: server name: results of load
        self.failures = []

    def median(self, case, name):
        results = self.runs.get(case.key, {}).get(name)
        return statistics.median(figure(r, case.metric) for r in results) if results else None

    def is_bound_by_load(self, case, name):
        """Returns true when the load generator had no spare CPU time, so that the server may be faster."""
        results = self.runs.get(case.key, {}).get(name, [])
        shares = [result["load_cpu_share"] for result in results if "load_cpu_share" in result]
        return case.needs_load and bool(shares) and statistics.median(shares) > LOAD_SHARE_MAX

    def share_of_others(self):
        """The largest share of a run that chat-serve, floor or load waited for cores that others had."""
        results = [result for runs in self.runs.values() for name in ("chat-serve", "floor")
                   for result in runs.get(name, [])]
        return max((result.get(key, 0) for result in results for key in ("server_wait_share", "load_wait_share")),
                   default=0)

    def arguments(self, case):
        arguments = list(case.arguments)
        if case.seconds:
            arguments += ["--time", f"{self.options.time}ms", "--warmup", f"{self.options.warmup}ms"]
        if case.rate_share:
            saturation = self.median(CASES[0], "bun")
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
            self.failures.append({"case": case.key, "server": name, "error": str(error)})
            self.runs[case.key].pop(name, None)
            say(f"{case.key}: {name}: FAILED: {error}")
            return False
        if turn is None:
            return True
        self.runs[case.key].setdefault(name, []).append(result)
        rate = fanout_table.number(figure(result, case.metric), case.unit)
        say(f"{case.key}: round {turn + 1}: {name}: {rate} {case.unit}")
        return True

    def measure(self, case):
        if self.arguments(case) is None:
            say(f"{case.key}: left out: its rate is a share of Bun's in {CASES[0].key}")
            return
        self.runs[case.key] = {}
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
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, 65536), max(hard, 65536)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cases_possible(wanted):
    limit = descriptors() - SPARE_DESCRIPTORS
    for case in CASES:
        if wanted and case.key not in wanted:
            continue
        adapted = possible(case, limit)
        if adapted is not case:
            say(f"{case.key}: {case.label}: only {limit} descriptors may be had; "
                + (f"{adapted.label} instead" if adapted else "left out"))
        if adapted:
            yield adapted


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("fanout.py: two cores are needed, one for the server and one for the load")
    return cores[0], cores[1]


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": len(names),
        "kernel": platform.release(),
        "congestion_control": Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
    }


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", default=os.environ.get("BENCH_QUICK", "") not in ("", "0"),
                        help="one round of a second each: roughly right, in a few minutes")
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
    options.warmup = 700 if options.warmup is None else options.warmup
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the server that runs
    options = options_read()
    RESULTS.mkdir(parents=True, exist_ok=True)
    cases = list(cases_possible(options.case))
    bench = Bench(options, servers_found(options.server), two_cores())
    about = machine()
    for case in cases:
        bench.measure(case)
    about["share_of_others"] = bench.share_of_others()
    titles = {name: server.title for name, server in bench.servers.items()}
    rows = fanout_table.rows(cases, bench.median, bench.is_bound_by_load)
    text = fanout_table.markdown(rows, titles, about, options)
    print(text)
    (RESULTS / "fanout.md").write_text(text + "\n")
    (RESULTS / "fanout.svg").write_text(fanout_picture.draw(rows, titles, about))
    (RESULTS / "fanout.json").write_text(json.dumps(
        {"machine": about, "servers": titles, "rounds": options.rounds, "time_ms": options.time,
         "rows": [row.summary() for row in rows], "failures": bench.failures, "runs": bench.runs}, indent=1) + "\n")
    say(f"written: {RESULTS}/fanout.md, fanout.json, fanout.svg")
    missed = fanout_table.missed(cases, rows) if options.hold else []
    for label in missed:
        say(f"not reached, or not measured: {label}")
    return 1 if bench.failures or missed else 0


if __name__ == "__main__":
    sys.exit(main())
