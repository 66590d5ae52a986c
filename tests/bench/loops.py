"""Measures chat-serve with one and with two loops: deliveries/s of all, and the CPU time of the server for each.

Server and load share two cores. There are eight channels, each with a load of its own, so that both loops have some.
The table has the CPU time of both. Without --loops in --help nothing is measured. Results: a table on stdout, loops.svg
and results.ndjson (results.py) in the bench folder of the build. BENCH_QUICK=1: one short round.
"""
import json
import subprocess
import tempfile
from pathlib import Path

import picture
from results import FOLDER, QUICK, TOOLS, Failed, Results, machine, output_of, ratio, rotated, say, table
from servers import Server, chat_serve, stop

CHANNELS, LOOPS = 8, (1, 2)
ROUNDS, TIME = (1, "1s") if QUICK else (5, "3s")
CASE = f"{CHANNELS} channels, N=100 S=16 W=16 B=64 each"
LOAD = ["-N", 100, "-S", 16, "-W", 16, "-B", 64, "--warmup", "1s", "--time", TIME]


def told_by(loads):
    """What the loads say together. Each has measured the CPU time of the server for itself."""
    told = []
    for load in loads:
        out, error = load.communicate(timeout=60)
        if load.returncode:
            raise Failed(error.strip()[:500])
        told.append(json.loads(out))
    rate = sum(one["deliveries_per_s"] for one in told)
    server = sum(one["server_cpu_share"] for one in told) / CHANNELS
    return {"deliveries_per_s": rate, "server_ns_per_delivery": server * 1e9 / rate, "server_cpu_share": server,
            "load_cpu_share": sum(one["load_cpu_share"] for one in told),
            "p99_us": max(one["latency_us"]["p99"] for one in told)}


def run(loops):
    plain = chat_serve()
    server = Server("chat-serve", plain.title, [*plain.command, "--loops", loops])
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        process, url = server.start("0,1", Path(folder))
        loads = []
        try:
            for number in range(CHANNELS):
                command = [TOOLS / "load", "--url", f"{url}c{number}", "--pid", process.pid, *LOAD]
                loads.append(subprocess.Popen([str(one) for one in command], stdout=subprocess.PIPE,
                                              stderr=subprocess.PIPE, text=True))
            return told_by(loads)
        finally:
            for load in loads:
                load.kill()
                load.wait()
            stop(process)


def main():
    server = chat_serve()
    if "--loops" not in output_of(server.command[0], "--help"):
        print("loops: left out, because this chat-serve has no --loops")
        return
    names = {count: f"{count} loop{'s' * (count > 1)}" for count in LOOPS}
    results = Results("loops", dict.fromkeys(names.values(), server.title))
    for turn in range(ROUNDS):
        for count in rotated(LOOPS, turn):
            say(f"{names[count]}: {results.note(CASE, names[count], run(count))}")
    results.write()
    medians = {name: {metric: results.median(CASE, name, metric) for metric in
                      ("deliveries_per_s", "server_ns_per_delivery", "server_cpu_share", "load_cpu_share", "p99_us")}
               for name in names.values()}
    one = medians["1 loop"]
    print(table(CASE, ["", "deliveries/s", "of one loop", "ns of CPU a delivery", "of one loop", "CPU of the server",
                       "of the load", "p99"],
                [[name, f"{row['deliveries_per_s'] / 1e6:.2f} M",
                  ratio(row["deliveries_per_s"], one["deliveries_per_s"]), f"{row['server_ns_per_delivery']:.1f}",
                  ratio(row["server_ns_per_delivery"], one["server_ns_per_delivery"]),
                  f"{row['server_cpu_share']:.2f}", f"{row['load_cpu_share']:.2f}", f"{row['p99_us'] / 1e3:.1f} ms"]
                 for name, row in medians.items()]))
    (FOLDER / "loops.svg").write_text(picture.bars("Loops: two cores, the load's work on them too", machine()["cpu"], [
        (label, [picture.Bar(name, row[metric], f"{row[metric]:,.{digits}f}", picture.OURS)
                 for name, row in medians.items()])
        for label, metric, digits in (("Deliveries/s; more is better", "deliveries_per_s", 0),
                                      ("ns of CPU of the server for a delivery; less is better",
                                       "server_ns_per_delivery", 1))]))


if __name__ == "__main__":
    main()
