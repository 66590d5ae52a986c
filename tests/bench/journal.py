"""Measure what the journal costs, on this machine and disk, now.

Each server runs on one core, the load on another; all servers of a table take turns, round by round, each time
fresh and on an empty directory, and a figure is the median of its rounds. The journals lie below CHAT_BENCH_DIR
(the build). Three tables:

  fan-out        deliveries a second to 200 members, 32 of them speaking with 16 texts on the way (load)
  acknowledged   messages a second, 64 senders with 1 and with 16 on the way, and how long the slowest percent
                 waits (ack). A Redis acknowledgement is the reply to XADD, one of MQTT the PUBACK of a retained
                 PUBLISH of QoS 1. mosquitto keeps its messages in memory and writes them at an interval: its
                 row is no promise of the disk's. Nothing fans out: every sender has a channel of its own.
  large          a journal of 10 GiB in 1,000 channels (fill): from the start of the server to the first history,
                 the memory it takes, and the answer to a listener who was away for half of all messages

BENCH_QUICK=1: one short round. Results on stdout and in results.ndjson (results.py).
"""
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
from peer import Peer  # noqa: E402
from ports import free_ports  # noqa: E402
from results import (BUILD, DISK, QUICK, TOOLS, Results, output_of, pinned, ratio, rotated, table,  # noqa: E402
                     verdict, version_of)

ROUNDS = 1 if QUICK else 5
TIME = "1s" if QUICK else "3s"
START_SECONDS = 20
FANOUT_LEAST, ALWAYS_LEAST = 0.9, 20000  # of no journal; messages a second
START_MOST_MS, RESUME_MOST_MS = 1000, 100


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Server:
    """One that keeps what it is told in a directory of its own."""

    def __init__(self, name, protocol, *options):
        self.name, self.protocol, self.options = name, protocol, options

    def command(self, port, folder):
        if self.protocol == "chat":
            journal = ["--journal", f"{folder}/journal", *self.options] if self.options else []
            return [BUILD / "chat-serve", "--quiet", "--listen", f"127.0.0.1:{port}", *journal]
        if self.protocol == "redis":
            return ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                    "--appendonly", "yes", "--appendfsync", *self.options]
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                          f"persistence_location {folder}/\nautosave_interval 1\nmax_queued_messages 0\n"
                          "max_inflight_messages 0\nset_tcp_nodelay true\nuser root\n")
        return ["mosquitto", "-c", config]

    def run(self, *load):
        """A fresh server and one load; what the load says."""
        folder = tempfile.mkdtemp(prefix="bench-journal.", dir=DISK)
        (port,) = free_ports(1)
        server = subprocess.Popen(pinned(0, self.command(port, folder)), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.name} does not start")
                time.sleep(0.01)
            return json.loads(output_of(*pinned(1, [str(one).format(port=port) for one in load])))
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(folder, ignore_errors=True)


def measure(results, case, servers, load):
    """Servers take turns. load: returns the command for a server."""
    results.versions.update({server.name: version_of(server.command(0, "/")[0]) for server in servers
                             if server.protocol != "mqtt"})  # which has no --version
    for turn in range(ROUNDS):
        for server in rotated(servers, turn):
            results.note(case, server.name, server.run(*load(server)))


def fanout(results):
    servers = [
        Server("no journal", "chat"),
        Server("--sync never", "chat", "--sync", "never"),
        Server("--sync batch", "chat", "--sync", "batch"),
        Server("--sync always", "chat", "--sync", "always"),
    ]
    measure(results, "fan-out", servers, lambda _: [TOOLS / "load", "--url", "ws://127.0.0.1:{port}/", "-N", 200,
                                                    "-S", 32, "-W", 16, "--time", TIME])
    rates = {server.name: results.median("fan-out", server.name, "deliveries_per_s") for server in servers}
    print(table("\nFan-out, N=200 S=32 W=16 B=64", ["chat-serve", "deliveries/s", "of no journal", "p99"],
                [[name, f"{rate / 1e6:.2f} M", ratio(rate, rates["no journal"]),
                  f"{results.median('fan-out', name, 'latency_us.p99') / 1e3:.1f} ms"]
                 for name, rate in rates.items()]))
    return rates["--sync batch"] / rates["no journal"]


def acknowledged(results, window):
    servers = [
        Server("chat-serve, no journal", "chat"),
        Server("chat-serve --sync batch", "chat", "--sync", "batch"),
        Server("chat-serve --sync always", "chat", "--sync", "always"),
    ]
    if shutil.which("redis-server"):
        servers.append(Server("Redis, AOF everysec", "redis", "everysec"))
        servers.append(Server("Redis, AOF always", "redis", "always"))
    if shutil.which("mosquitto"):
        servers.append(Server("mosquitto, persistence", "mqtt"))
    case = f"acknowledged, W={window}"
    measure(results, case, servers, lambda server: [TOOLS / "ack", "--protocol", server.protocol, "--port", "{port}",
                                                    "-S", 64, "-W", window, "--time", TIME])
    figures = {server.name: [results.median(case, server.name, metric) for metric in ("acks_per_s", "p50_us", "p99_us")]
               for server in servers}
    base = figures["chat-serve --sync always"][0]
    print(table(f"\nAcknowledged, 64 senders, {window} on the way each, B=64",
                ["server", "messages/s", "of --sync always", "p50", "p99"],
                [[name, f"{rate:,.0f}", ratio(rate, base), f"{p50 / 1e3:.2f} ms", f"{p99 / 1e3:.2f} ms"]
                 for name, (rate, p50, p99) in figures.items()]))
    return base


def status_of(pid, field):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":")) / 1024


def start_and_resume(folder, since, *options):
    """Milliseconds to the first history, MiB resident, milliseconds to what followed `since`."""
    url = Path(folder) / "url"
    url.unlink(missing_ok=True)
    begun = time.monotonic()
    server = subprocess.Popen(
        [BUILD / "chat-serve", "--quiet", "--listen", "127.0.0.1:0", "--url-file", url, "--journal", f"{folder}/journal",
         *options], stderr=subprocess.DEVNULL)
    try:
        while not url.exists():
            time.sleep(0.001)
        address = url.read_text().strip()
        Peer(address, "/c7").init("alice")
        first = time.monotonic() - begun
        slowest = 0
        for channel in range(10):
            peer = Peer(address, f"/c{channel}")
            begun = time.monotonic()
            peer.say({"type": "init", "username": "bob", "id": "b", "since": since})
            peer.recv("userData")
            peer.frame()
            slowest = max(slowest, time.monotonic() - begun)
            peer.close()
        return first * 1e3, status_of(server.pid, "VmHWM"), slowest * 1e3
    finally:
        server.terminate()
        server.wait()


def large(results):
    """What the start and a resume take, by --history-memory."""
    size, metrics = "512M" if QUICK else "10G", ("start_ms", "rss_mib", "resume_ms")
    folder = tempfile.mkdtemp(prefix="bench-journal.", dir=DISK)
    case = f"a journal of {size}"
    try:
        middle = json.loads(output_of(TOOLS / "fill", "--journal", f"{folder}/journal", "--size", size,
                                      seconds=600))["middle"]
        for memory in ("256M", "16M"):
            for _ in range(ROUNDS):
                figures = start_and_resume(folder, middle, "--history-memory", memory)
                results.note(case, memory, dict(zip(metrics, figures)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    medians = {memory: [results.median(case, memory, metric) for metric in metrics] for memory in ("256M", "16M")}
    print(table(f"\nA journal of {size} in 1,000 channels",
                ["--history-memory", "start to history", "memory", "resume, the slowest of 10"],
                [[memory, f"{start:.0f} ms", f"{rss:.0f} MiB", f"{resume:.0f} ms"]
                 for memory, (start, rss, resume) in medians.items()]))
    return medians


def main():
    results = Results("journal")
    fan_out = fanout(results)
    always = acknowledged(results, 1)
    acknowledged(results, 16)
    size = large(results)
    results.write()
    missed = []
    if fan_out < FANOUT_LEAST:
        missed.append(f"fan-out with --sync batch is {fan_out:.2f} of no journal, not {FANOUT_LEAST}")
    if always < ALWAYS_LEAST:
        missed.append(f"--sync always acknowledges {always:,.0f} a second, not {ALWAYS_LEAST:,}")
    for memory, (first, _, resume) in size.items():
        if first > START_MOST_MS or resume > RESUME_MOST_MS:
            missed.append(f"with {memory} the start takes {first:.0f} ms, a resume {resume:.0f} ms")
    return verdict(missed)


if __name__ == "__main__":
    sys.exit(main())
