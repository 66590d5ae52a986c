"""Measures chat-serve --cluster on this machine, now: nats-servers, chat-serves and load share its cores.

Each round begins with fresh nats-servers and fresh chat-serves, and all rows of a table take turns in it; a figure is
the median of its rounds. The parts:

  acknowledged   messages/s that come back to their senders, and after how long: 64 senders with 16 texts on the way
                 each, on three servers with three copies of the stream. The peer is libnats (nats_ack): senders who
                 publish each message alone to such a stream, and wait for its acknowledgement; the best of several
                 ways counts. It delivers nothing to anybody
  fanout         deliveries/s of one server to 200 members, 32 of them speaking with 16 texts on the way: alone,
                 with a journal, and in a cluster. The server is alone on a core
  nodes          the CPU time of all chat-serves together for each delivery, if 200 members are on each of 1, 2 and
                 3 servers, and everybody hears everybody, at 2,000 texts/s and as fast as it goes
  slopes         what one more of each costs: memory of a user here and of a user elsewhere, bytes and CPU time to
                 tell of a user, beats, and how fast a server catches up with the stream

The figures of each run go to results.ndjson (results.py). CHAT_BUILD names the build, CHAT_BENCH_DIR the folder of the
streams and journals (the build); BENCH_QUICK=1: one short round of the first two parts.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import results
from results import BUILD, DISK, FOLDER, QUICK, TOOLS, rotated
from servers import Server, stop

os.environ["BUILD"] = str(BUILD)
os.environ["TMP"] = str(DISK)  # where clustering.py makes its folders
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
from clustering import NATS_SERVER, Cluster  # noqa: E402
from ports import free_ports  # noqa: E402

ROUNDS = 1 if QUICK else 5
TIME = "1s" if QUICK else "3s"
MORE = ["--quiet", "--max-connections", "200000", "--max-members", "200000", "--max-per-address", "200000",
        "--queue-total", "2G"]
FANOUT = ["-N", 200, "-S", 32, "-W", 16]
LEAST_RATE, MOST_P99 = 3, 0.5  # of the peer's
LEAST_FANOUT = 0.8  # of --sync batch
MOST_GROWTH = 1.1  # of the CPU time for a delivery, from one server to three
USERS = 10000
RESULTS = results.Results("cluster")


def run(part, row, command, core=None):
    """The result of a load, which is noted."""
    return RESULTS.run(part, row, command, core)


def median(part, row, figure):
    return RESULTS.median(part, row, figure)


def table(title, head, rows):
    print("\n" + results.table(title, head, rows), flush=True)


def cpu_seconds(process):
    with open("/proc/%d/stat" % process.pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pin(process, core):
    for thread in os.listdir("/proc/%d/task" % process.pid):
        os.sched_setaffinity(int(thread), {core})


def cluster(nodes=3, **more):
    return Cluster(nats=3, nodes=nodes, options=MORE, **more).start_all()


# ---- acknowledged ----


def peers(servers):
    """Ways to publish each message alone: of these the fastest is compared with."""
    urls = [part for port in servers.clients for part in ("--url", "nats://127.0.0.1:%d" % port)]
    return [("libnats, %d senders, %d connection%s%s" % (senders, lines, "s" if lines > 1 else "", ", asap" * asap),
             [TOOLS / "nats_ack", *urls, "-S", senders, "--connections", lines, *["--asap"] * asap, "--time", TIME])
            for senders in (64, 128) for lines, asap in ((1, 0), (1, 1), (3, 0))]


def chats(servers, rate):
    """Rows of chat-serve: as fast as it goes, and at the peer's rate."""
    ports = [part for port in servers.ports for part in ("--port", port)]
    return [("chat-serve, %s in %d channels" % (what, channels),
             [TOOLS / "ack", *ports, "-S", 64, *load, "--channels", channels, "--time", TIME])
            for what, load, channels in (("W=16", ["-W", 16], 64), ("W=16", ["-W", 16], 4),
                                         ("at the peer's rate", ["--rate", rate], 64))]


def acknowledged():
    names = []
    for turn in range(ROUNDS):
        servers = cluster()
        rows = rotated(peers(servers), turn)
        rates = [run("acknowledged", name, command)["acks_per_s"] for name, command in rows]
        more = rotated(chats(servers, int(max(rates))), turn)
        for name, command in more:
            run("acknowledged", name, command)
        names = names or [name for name, _ in peers(servers) + chats(servers, 1)]
        servers.close()
    figures = {name: [median("acknowledged", name, figure) for figure in ("acks_per_s", "p50_us", "p99_us")]
               for name in names}
    best = max((name for name in names if name.startswith("libnats")), key=lambda name: figures[name][0])
    table("Acknowledged, three nats-servers, three copies, B=64; the peer is " + best,
          ["", "messages/s", "of the peer", "p50", "of the peer", "p99", "of the peer"],
          [[name, "%.0f" % rate, "%.2f" % (rate / figures[best][0]),
            "%.2f ms" % (p50 / 1e3), "%.2f" % (p50 / figures[best][1]),
            "%.2f ms" % (p99 / 1e3), "%.2f" % (p99 / figures[best][2])] for name, (rate, p50, p99) in figures.items()])
    fastest = figures["chat-serve, W=16 in 64 channels"]
    paced = figures["chat-serve, at the peer's rate in 64 channels"]
    if fastest[0] < LEAST_RATE * figures[best][0]:
        yield "%.1f times the messages/s of the peer, not %d" % (fastest[0] / figures[best][0], LEAST_RATE)
    if paced[2] > MOST_P99 * figures[best][2]:
        yield "at the peer's rate %.2f of its p99, not %.1f" % (paced[2] / figures[best][2], MOST_P99)


# ---- fan-out ----


def fanout_load(name, url, pid):
    run("fanout", name, [TOOLS / "load", "--url", url, "--pid", pid, *FANOUT, "--time", TIME], core=1)


def fanout_alone(name, *options):
    with tempfile.TemporaryDirectory(prefix="bench-cluster.", dir=DISK) as folder:
        journal = ["--journal", folder + "/journal", *options] if options else []
        server = Server("chat-serve", "", [BUILD / "chat-serve", *MORE, "--listen", "127.0.0.1:0", "--url-file",
                                           "URL_FILE", *journal])
        process, url = server.start(0, Path(folder))
        try:
            fanout_load(name, url, process.pid)
        finally:
            stop(process)


def fanout_cluster(name, **more):
    servers = cluster(nodes=1, **more)
    pin(servers.nodes[0], 0)
    for nats in servers.nats:
        pin(nats, 1)
    fanout_load(name, servers.url(0), servers.nodes[0].pid)
    servers.close()


def fanout():
    rows = [("no journal", lambda: fanout_alone("no journal")),
            ("--sync batch", lambda: fanout_alone("--sync batch", "--sync", "batch")),
            ("--cluster", lambda: fanout_cluster("--cluster")),
            ("--cluster, --sync batch", lambda: fanout_cluster("--cluster, --sync batch", journal=True))]
    for turn in range(ROUNDS):
        for _, measure in rotated(rows, turn):
            measure()
    rates = {name: median("fanout", name, "deliveries_per_s") for name, _ in rows}
    table("Fan-out of one server, N=200 S=32 W=16 B=64",
          ["", "deliveries/s", "of --sync batch", "ns of CPU a delivery", "load's CPU"],
          [[name, "%.1f M" % (rate / 1e6), "%.2f" % (rate / rates["--sync batch"]),
            "%.1f" % median("fanout", name, "server_ns_per_delivery"),
            "%.2f" % median("fanout", name, "load_cpu_share")] for name, rate in rates.items()])
    share = rates["--cluster"] / rates["--sync batch"]
    if share < LEAST_FANOUT:
        yield "fan-out in a cluster is %.2f of --sync batch, not %.1f" % (share, LEAST_FANOUT)


# ---- more servers ----


def nodes_run(row, nodes, *load):
    servers = cluster(nodes=nodes)
    urls = [part for number in range(nodes) for part in ("--url", servers.url(number))]
    pids = [part for node in servers.nodes for part in ("--pid", node.pid)]
    before = sum(map(cpu_seconds, servers.nats))
    run("nodes", row, [TOOLS / "load", *urls, *pids, "-N", 200 * nodes, "-S", 32, *load, "--time", TIME])
    RESULTS.note("nodes-nats", row, {"cpu_s": sum(map(cpu_seconds, servers.nats)) - before})
    servers.close()


def nodes():
    rows = [("%s, %d server%s" % (what, count, "s" if count > 1 else ""), count, load)
            for what, load in (("2,000 texts/s", ["--rate", 2000]), ("as fast as it goes", ["-W", 16]))
            for count in (1, 2, 3)]
    for turn in range(ROUNDS):
        for row in rotated(rows, turn):
            nodes_run(row[0], row[1], *row[2])
    costs = {row[0]: median("nodes", row[0], "server_ns_per_delivery") for row in rows}
    table("200 members on each server, who hear everybody", ["", "deliveries/s", "ns of CPU a delivery", "p99"],
          [[name, "%.2f M" % (median("nodes", name, "deliveries_per_s") / 1e6), "%.1f" % cost,
            "%.1f ms" % (median("nodes", name, "latency_us.p99") / 1e3)] for name, cost in costs.items()])
    # As fast as it goes three servers share the cores that one has alone: each sends less at once, which costs more.
    growth = costs[rows[2][0]] / costs[rows[0][0]]
    if growth > MOST_GROWTH:
        yield "%s: %.2f times the CPU of one" % (rows[2][0], growth)


# ---- slopes ----


def metric(port, name):
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise SystemExit("no metric " + name)


def varz(servers, name):
    """The sum of a counter of all nats-servers."""
    total = 0
    for port in servers.monitors:
        with urllib.request.urlopen("http://127.0.0.1:%d/varz" % port, timeout=10) as answer:
            total += json.load(answer)[name]
    return total


def users(row, measured):
    """USERS come to the first of two servers, 100 in a channel, and go. measured: the server whose memory is."""
    servers = cluster(nodes=2)
    out, cpu = varz(servers, "out_bytes"), cpu_seconds(servers.nodes[1])
    load = [TOOLS / "load", "--url", servers.url(0), "--pid", servers.nodes[measured].pid, "--idle", USERS]
    run("slopes", row, load)
    RESULTS.note("slopes", "told", {"bytes": (varz(servers, "out_bytes") - out) / USERS,
                                    "cpu_us": (cpu_seconds(servers.nodes[1]) - cpu) / USERS * 1e6})
    servers.close()


def beats():
    """What two servers cost on which nothing happens."""
    servers = cluster(nodes=2)
    out, cpu, begun = varz(servers, "out_bytes"), sum(map(cpu_seconds, servers.nodes)), time.monotonic()
    time.sleep(10)  # is measured
    seconds = time.monotonic() - begun
    RESULTS.note("slopes", "beats", {"bytes_per_s": (varz(servers, "out_bytes") - out) / seconds,
                                     "cpu_share": (sum(map(cpu_seconds, servers.nodes)) - cpu) / seconds / 2})
    servers.close()


def catch_up():
    """A server without a journal comes when the stream has messages."""
    servers = Cluster(nats=3, nodes=2, options=MORE)
    servers.start(0)
    servers.ready(0)
    subprocess.run([str(one) for one in (TOOLS / "ack", "--port", servers.ports[0], "-S", 64, "-W", 16, "--time",
                                         "10s")], check=True, stdout=subprocess.DEVNULL)
    (port,) = free_ports(1)
    servers.start(1, "--metrics", "127.0.0.1:%d" % port)
    servers.ready(1)
    count = metric(port, "chat_messages_total")
    cpu = cpu_seconds(servers.nodes[1])
    RESULTS.note("slopes", "catch-up", {"messages": count, "cpu_us": cpu / count * 1e6})
    servers.close()


def slopes():
    for _ in range(3):
        users("here", 0)
        users("elsewhere", 1)
        beats()
        catch_up()
    rows = [("memory of a user on this server, bytes", median("slopes", "here", "rss_per_connection_more")),
            ("memory of a user on another server, bytes", median("slopes", "elsewhere", "rss_per_connection_more")),
            ("a user comes and goes: bytes that NATS sends, two servers", median("slopes", "told", "bytes")),
            ("a user comes and goes: CPU of another server, us", median("slopes", "told", "cpu_us")),
            ("nothing happens: bytes/s that NATS sends, two servers", median("slopes", "beats", "bytes_per_s")),
            ("nothing happens: CPU of a server, share of a core", median("slopes", "beats", "cpu_share")),
            ("catching up: CPU of a message, us", median("slopes", "catch-up", "cpu_us"))]
    table("Slopes", ["what", "of one"],
          [[name, "%.3f" % value if value < 10 else "%.0f" % value] for name, value in rows])
    return ()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"acknowledged": acknowledged, "fanout": fanout, "nodes": nodes, "slopes": slopes}
    parser.add_argument("part", nargs="*", metavar="PART", help="only this: " + ", ".join(parts))
    wanted = parser.parse_args().part or list(parts)[:2 if QUICK else None]
    if not NATS_SERVER or not (TOOLS / "nats_ack").exists():
        print("cluster: left out, because there is no nats-server, or no libnats to build with")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    FOLDER.mkdir(parents=True, exist_ok=True)
    missed = [sentence for part in wanted for sentence in parts[part]()]
    RESULTS.write()
    return results.verdict(missed)


if __name__ == "__main__":
    sys.exit(main())
