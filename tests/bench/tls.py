"""Measures the cost of TLS for chat-serve: fan-out and connecting, beside itself without TLS and node's ws with TLS.

The servers take turns, round by round, and a figure is the median of its rounds; load checks order and count as it
does for fanout.py. Deliveries of a load that decrypts on the other core are bounded by that core, so the figure to
compare is the CPU time of the server. Results: a table on stdout, tls.svg and results.ndjson (results.py) in the bench
folder of the build.
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

import picture
import servers
from results import FOLDER, QUICK, Failed, Results, machine, ratio, say, table

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


def found_servers(cert, key):
    plain = servers.chat_serve()
    secure = servers.Server("chat-serve, TLS", plain.title, [*plain.command, "--tls-cert", cert, "--tls-key", key])
    found = {"plain": plain, "TLS": secure}
    try:
        ws = servers.ws()
        found["ws, TLS"] = servers.Server("ws, TLS", ws.title, [*ws.command, cert, key], ws.environment)
    except Failed as error:
        say(f"without ws: {error}")
    return found


def measure(results, found, arguments, options):
    cores, key = servers.two_cores(), " ".join(map(str, arguments))
    if "--churn" not in arguments:
        arguments = [*arguments, "--time", f"{options.time}ms", "--warmup", "500ms"]
    for turn in range(options.rounds):
        for name, server in found.items():
            results.note(key, name, servers.run_once(server, arguments, cores))
            say(f"{key}: round {turn + 1}: {name}")


def row(label, unit, medians):
    figures = [f"{medians[name]:,.0f}" if name in medians else "" for name in ("plain", "TLS", "ws, TLS")]
    return [label, unit, *figures, *(ratio(medians["TLS"], medians.get(name)) for name in ("plain", "ws, TLS"))]


def bars(medians):
    return [picture.Bar("node ws, TLS" if name == "ws, TLS" else f"chat-serve, {name}", value, f"{value:,.0f}",
                        {"plain": picture.VARIANT, "TLS": picture.OURS}.get(name, picture.OTHER))
            for name, value in medians.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1 if QUICK else 5, help="of each case (5)")
    parser.add_argument("--time", type=int, default=1000 if QUICK else 2000, help="milliseconds of each run (2000)")
    options = parser.parse_args()
    rows, groups = [], []
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        found = found_servers(*certificate(Path(folder)))
        results = Results("tls", {name: server.title for name, server in found.items()})
        for label, arguments, metric, unit in CASES:
            key = " ".join(map(str, arguments))
            if not any(line["case"] == key for line in results.lines):
                measure(results, found, arguments, options)
            medians = {name: results.median(key, name, metric) for name in found}
            rows.append(row(label, unit, medians))
            groups.append((f"{label}: {unit}", bars(medians)))
    results.write()
    (FOLDER / "tls.svg").write_text(picture.bars("TLS: one core of the server", machine()["cpu"], groups))
    print(table("", ["case", "figure", "plain", "TLS", "ws, TLS", "TLS : plain", "TLS : ws"], rows))


if __name__ == "__main__":
    main()
