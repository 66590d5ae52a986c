"""Measures chat-listen and chat-send beside other clients, on this machine, now.

The client under test has one core, the server the other. The clients take turns, round by round; a figure is the
median of its rounds. CPU time is the client's own (getrusage). Each run checks that every line came. Results go to
stdout as a table, and to clients.md and clients.json in the bench folder of the build. CHAT_BUILD names the build;
BENCH_QUICK=1 makes it short.
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("CHAT_BUILD") or "build").resolve()
RESULTS = BUILD / "bench"
MODULES = RESULTS / "node_modules"
SERVER_CORE, CLIENT_CORE = "0", "1"


class Failed(Exception):
    pass


def start_server(*command):
    """On its core; returns the process and the URL it prints."""
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *map(str, command)], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def chat_serve():
    folder = tempfile.mkdtemp()
    url = os.path.join(folder, "url")
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, BUILD / "chat-serve", "-q", "-l", "127.0.0.1:0",
                                "--url-file", url], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not os.path.exists(url):
        if time.monotonic() > deadline or process.poll() is not None:
            raise Failed("chat-serve did not start")
        time.sleep(0.005)
    return process, Path(url).read_text().strip()


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def run(command, stdin=None, environment=None):
    """CPU seconds, wall seconds, and the bytes of stdout's file."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(["taskset", "-c", CLIENT_CORE, *map(str, command)], stdin=stdin or subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        lines = sum(block.count(b"\n") for block in iter(lambda: out.read(1 << 20), b""))
    return usage.ru_utime + usage.ru_stime, wall, lines, process.returncode, error.decode()[:300]


# ---- what is measured: each returns a figure of one round ----


def listen(command, count):
    server, url = start_server(BUILD / "tests/bench/flood", "--count", count)
    try:
        cpu, wall, lines, _, error = run([*command, url], environment={"NODE_PATH": f"{MODULES}:/usr/share/nodejs"})
    finally:
        stop(server)
    if lines < count:
        raise Failed(f"{command[0]}: {lines} of {count} lines: {error}")
    return {"messages_per_s": count / wall, "cpu_ns_per_message": cpu / count * 1e9}


def send(count):
    server, url = chat_serve()
    lines = RESULTS / f"lines.{count}"
    lines.write_text("".join(f"line {number}\n" for number in range(count)))
    try:
        with open(lines) as stdin:
            cpu, wall, receipts, status, error = run([BUILD / "chat-send", "-l", "-U", url], stdin)
    finally:
        stop(server)
        lines.unlink()
    if status or receipts != count:
        raise Failed(f"chat-send: exit status {status}, {receipts} of {count} receipts: {error}")
    return {"lines_per_s": count / wall, "cpu_ns_per_line": cpu / count * 1e9}


def one_word(command, again):
    cpus = []
    for _ in range(again):
        cpu, _, _, status, error = run(command)
        if status:
            raise Failed(f"{command[0]}: exit status {status}: {error}")
        cpus.append(cpu)
    return {"cpu_ms": statistics.median(cpus) * 1e3}


def one_words(again):
    """Command to figure: a word to a server on this machine, from exec to exit."""
    figures = {}
    server, url = chat_serve()
    try:
        figures["chat-send hi"] = one_word([BUILD / "chat-send", "-U", url, "hi"], again)
        wscat = MODULES / ".bin" / "wscat"
        if wscat.exists():
            init = '{"type":"init","username":"wscat","id":"wscat-1"}'
            figures["wscat -x"] = one_word([wscat, "-c", url, "-x", init, "-w", "0"], max(1, again // 4))
    finally:
        stop(server)
    if shutil.which("mosquitto") and shutil.which("mosquitto_pub"):
        broker = subprocess.Popen(["taskset", "-c", SERVER_CORE, "mosquitto", "-p", "18830"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            publish = ["mosquitto_pub", "-p", "18830", "-q", "1", "-t", "x", "-m", "hi"]
            deadline = time.monotonic() + 10
            while subprocess.run(publish, stderr=subprocess.DEVNULL, check=False).returncode:
                if time.monotonic() > deadline:
                    raise Failed("mosquitto did not start")
            figures["mosquitto_pub -q 1"] = one_word(publish, again)
        finally:
            stop(broker)
    return figures


# ---- the rounds and the table ----


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", default=bool(os.environ.get("BENCH_QUICK")))
    options = parser.parse_args()
    rounds, count = (1, 200000) if options.quick else (5, 1000000)
    RESULTS.mkdir(parents=True, exist_ok=True)
    chat_listen = [BUILD / "chat-listen", "--no-reconnect", "-U"]
    node_listen = ["node", HERE / "peers/listen.js"]
    ours, nodes, sends, words = [], [], [], []
    for _ in range(rounds):
        ours.append(listen(chat_listen, count))
        nodes.append(listen(node_listen, count))
        sends.append(send(count // 2))
        words.append(one_words(8 if options.quick else 40))
    results = {
        "chat-listen": medians(ours),
        "node ws listener": medians(nodes),
        "chat-send -l": medians(sends),
        **{name: medians([word[name] for word in words]) for name in words[0]},
    }
    ratio = results["chat-listen"]["cpu_ns_per_message"] / results["node ws listener"]["cpu_ns_per_message"]
    table = ["| what | figure | bar |", "|---|---:|---:|"]
    table.append(f"| chat-listen, messages/s of 100-byte texts | {results['chat-listen']['messages_per_s']:,.0f} | 1,000,000 |")
    table.append(f"| its CPU a message, against node ws printing lines | {ratio:.2f} | 0.50 |")
    table.append(f"| chat-send -l, acknowledged lines/s | {results['chat-send -l']['lines_per_s']:,.0f} | 200,000 |")
    for name in words[0]:
        bar = "15" if name.startswith("chat-send") else ""
        table.append(f"| {name}, CPU ms from exec to exit | {results[name]['cpu_ms']:.1f} | {bar} |")
    print("\n".join(table))
    (RESULTS / "clients.md").write_text("\n".join(table) + "\n")
    (RESULTS / "clients.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        print(f"clients.py: {failure}", file=sys.stderr)
        sys.exit(1)
