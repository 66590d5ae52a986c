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

BENCH_QUICK=1: one short round. Results on stdout and in bench/journal.json of the build.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
from peer import Peer  # noqa: E402

BUILD = Path(os.environ.get("CHAT_BUILD") or "build").resolve()
QUICK = bool(os.environ.get("BENCH_QUICK"))
ROUNDS = 1 if QUICK else 5
TIME = "1s" if QUICK else "3s"
START_SECONDS = 20
FANOUT_LEAST, ALWAYS_LEAST = 0.9, 20000  # of no journal; messages a second
START_MOST_MS, RESUME_MOST_MS = 1000, 100


def pinned(core, command):
    return ["taskset", "-c", str(core), *map(str, command)] if os.cpu_count() > 1 else list(map(str, command))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


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
        root = os.environ.get("CHAT_BENCH_DIR") or BUILD
        folder = tempfile.mkdtemp(prefix="bench-journal.", dir=root)
        port = free_port()
        server = subprocess.Popen(pinned(0, self.command(port, folder)), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.name} does not start")
                time.sleep(0.01)
            command = [str(one).format(port=port) for one in load]
            done = subprocess.run(pinned(1, command), capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{self.name}: {done.stderr.strip()}")
            return json.loads(done.stdout)
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(folder, ignore_errors=True)


def measure(servers, figure, *load):
    """The median of a figure, by the server's name; servers take turns."""
    got = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            more = ["--protocol", server.protocol] if figure == "acks_per_s" else []
            got[server.name].append(server.run(*load, *more))
    return {
        name: sorted(results, key=lambda one: one[figure])[len(results) // 2] for name, results in got.items()
    }


def fanout():
    servers = [
        Server("no journal", "chat"),
        Server("--sync never", "chat", "--sync", "never"),
        Server("--sync batch", "chat", "--sync", "batch"),
        Server("--sync always", "chat", "--sync", "always"),
    ]
    results = measure(servers, "deliveries_per_s", BUILD / "tests/bench/load", "--url", "ws://127.0.0.1:{port}/",
                      "-N", 200, "-S", 32, "-W", 16, "--time", TIME)
    base = results["no journal"]["deliveries_per_s"]
    print("\nFan-out, N=200 S=32 W=16 B=64\n\n| chat-serve | deliveries/s | of no journal | p99 |\n|---|---|---|---|")
    for name, one in results.items():
        print(f"| {name} | {one['deliveries_per_s'] / 1e6:.2f} M | {one['deliveries_per_s'] / base:.2f} "
              f"| {one['latency_us']['p99'] / 1e3:.1f} ms |")
    return results, results["--sync batch"]["deliveries_per_s"] / base


def acknowledged(window):
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
    results = measure(servers, "acks_per_s", BUILD / "tests/bench/ack", "--port", "{port}", "-S", 64, "-W", window,
                      "--time", TIME)
    base = results["chat-serve --sync always"]["acks_per_s"]
    print(f"\nAcknowledged, 64 senders, {window} on the way each, B=64\n")
    print("| server | messages/s | of --sync always | p50 | p99 |\n|---|---|---|---|---|")
    for name, one in results.items():
        print(f"| {name} | {one['acks_per_s']:,.0f} | {one['acks_per_s'] / base:.2f} "
              f"| {one['p50_us'] / 1e3:.2f} ms | {one['p99_us'] / 1e3:.2f} ms |")
    return results, base


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


def large():
    size = "512M" if QUICK else "10G"
    folder = tempfile.mkdtemp(prefix="bench-journal.", dir=os.environ.get("CHAT_BENCH_DIR") or BUILD)
    try:
        done = subprocess.run([BUILD / "tests/bench/fill", "--journal", f"{folder}/journal", "--size", size],
                              capture_output=True, text=True, check=True)
        middle = json.loads(done.stdout)["middle"]
        print(f"\nA journal of {size} in 1,000 channels\n")
        print("| --history-memory | start to history | memory | resume, the slowest of 10 |\n|---|---|---|---|")
        results = {}
        for memory in ("256M", "16M"):
            runs = [start_and_resume(folder, middle, "--history-memory", memory) for _ in range(ROUNDS)]
            results[memory] = [sorted(column)[len(runs) // 2] for column in zip(*runs)]
            print("| %s | %.0f ms | %.0f MiB | %.0f ms |" % (memory, *results[memory]))
        return results
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    (BUILD / "bench").mkdir(exist_ok=True)
    fan, ratio = fanout()
    one, always = acknowledged(1)
    many, _ = acknowledged(16)
    size = large()
    results = {"fanout": fan, "acknowledged_1": one, "acknowledged_16": many, "large": size}
    (BUILD / "bench/journal.json").write_text(json.dumps(results, indent=1) + "\n")
    missed = []
    if ratio < FANOUT_LEAST:
        missed.append(f"fan-out with --sync batch is {ratio:.2f} of no journal, not {FANOUT_LEAST}")
    if always < ALWAYS_LEAST:
        missed.append(f"--sync always acknowledges {always:,.0f} a second, not {ALWAYS_LEAST:,}")
    for memory, (first, _, resume) in size.items():
        if first > START_MOST_MS or resume > RESUME_MOST_MS:
            missed.append(f"with {memory} the start takes {first:.0f} ms, a resume {resume:.0f} ms")
    print("\n" + ("\n".join(missed) or "All figures are what they should be at least."))
    sys.exit(bool(missed) and not QUICK)


if __name__ == "__main__":
    main()
