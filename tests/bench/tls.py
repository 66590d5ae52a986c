"""Measures the cost of TLS for chat-serve: fan-out and connecting, beside chat-serve without TLS and node's ws with TLS.

The servers take turns, round by round, and a figure is the median of its rounds; load checks order and count as it
does for fanout.py. Deliveries of a load that decrypts on the other core are bounded by that core, so the figure to
compare is the CPU time of the server. Results: a table on stdout, and tls.json in the bench folder of the build.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import fanout

FAN_OUT = "N=200 S=32 W=16"
CASES = [  # label, arguments of load, metric, unit
    (f"{FAN_OUT} B=64", ["-N", 200, "-S", 32, "-W", 16, "-B", 64], "server_ns_per_delivery", "ns of CPU per delivery"),
    (f"{FAN_OUT} B=1000", ["-N", 200, "-S", 32, "-W", 16, "-B", 1000], "server_ns_per_delivery",
     "ns of CPU per delivery"),
    (f"{FAN_OUT} B=64", ["-N", 200, "-S", 32, "-W", 16, "-B", 64], "deliveries_per_s", "deliveries/s"),
    (f"{FAN_OUT} B=1000", ["-N", 200, "-S", 32, "-W", 16, "-B", 1000], "deliveries_per_s", "deliveries/s"),
    ("connect, init, leave; 64 at once", ["--churn", 4000, "--at-once", 64], "server_us_per_connection",
     "µs of CPU per connection"),
]


def certificate(folder):
    """A key of P-256 and a certificate of its own."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True,
                   stderr=subprocess.DEVNULL)
    return cert, key


def servers(cert, key):
    plain = fanout.chat_serve()
    secure = fanout.Server("chat-serve, TLS", plain.title, [*plain.command, "--tls-cert", cert, "--tls-key", key])
    found = {"plain": plain, "tls": secure}
    try:
        ws = fanout.ws()
        found["ws"] = fanout.Server("ws, TLS", ws.title, [*ws.command, cert, key], ws.environment)
    except fanout.Failed as error:
        fanout.say(f"without ws: {error}")
    return found


def measure(found, arguments, options):
    """The results of load, by server."""
    results = {name: [] for name in found}
    cores = fanout.two_cores()
    if "--churn" not in arguments:
        arguments = [*arguments, "--time", f"{options.time}ms", "--warmup", "500ms"]
    for turn in range(options.rounds):
        for name, server in found.items():
            results[name].append(fanout.run_once(server, arguments, cores))
            fanout.say(f"{' '.join(map(str, arguments))}: round {turn + 1}: {server.name}")
    return results


def row(label, unit, metric, results):
    medians = {name: statistics.median(result[metric] for result in runs) for name, runs in results.items()}
    ratio = "" if "ws" not in medians else f"{medians['tls'] / medians['ws']:.2f}"
    figures = [f"{medians[name]:,.0f}" if name in medians else "" for name in ("plain", "tls", "ws")]
    return f"| {label} | {unit} | {' | '.join(figures)} | {medians['tls'] / medians['plain']:.2f} | {ratio} |"


def main():
    quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1 if quick else 5, help="of each case (5)")
    parser.add_argument("--time", type=int, default=1000 if quick else 2000, help="milliseconds of each run (2000)")
    options = parser.parse_args()
    fanout.RESULTS.mkdir(parents=True, exist_ok=True)
    runs = {}
    print("| case | figure | plain | TLS | ws, TLS | TLS : plain | TLS : ws |\n|---|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        found = servers(*certificate(Path(folder)))
        for label, arguments, metric, unit in CASES:
            key = " ".join(map(str, arguments))
            if key not in runs:
                runs[key] = measure(found, arguments, options)
            print(row(label, unit, metric, runs[key]), flush=True)
    about = {"machine": fanout.machine(), "rounds": options.rounds, "runs": runs}
    (fanout.RESULTS / "tls.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
