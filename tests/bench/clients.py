"""Measures chat-listen and chat-send beside other clients, on this machine, now.

The client under test has one core, the server the other. The clients take turns, round by round; a figure is the
median of its rounds. CPU time is the client's own (getrusage). Each run checks that every line came. Results go to
stdout as a table, and to clients.md, clients.svg and results.ndjson (results.py) in the bench folder of the build.
CHAT_BUILD names the build; BENCH_QUICK=1 makes it short.
"""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import picture
import servers
from results import BUILD, FOLDER, MODULES, QUICK, TOOLS, Failed, Results, machine, pinned, ratio, table, version_of

HERE = Path(__file__).resolve().parent
SERVER_CORE, CLIENT_CORE = 0, 1


def start_server(*command):
    """On its core; returns the process and the URL it prints."""
    process = subprocess.Popen(pinned(SERVER_CORE, command), stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def chat_serve():
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        return servers.chat_serve().start(SERVER_CORE, Path(folder))


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def run(command, stdin=None, environment=None):
    """CPU seconds, wall seconds, and the bytes of stdout's file."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(pinned(CLIENT_CORE, command), stdin=stdin or subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        lines = sum(block.count(b"\n") for block in iter(lambda: out.read(1 << 20), b""))
    return usage.ru_utime + usage.ru_stime, wall, lines, process.returncode, error.decode()[:300]


# ---- what is measured: each returns a figure of one round ----


def listen(command, count):
    server, url = start_server(TOOLS / "flood", "--count", count)
    try:
        cpu, wall, lines, _, error = run([*command, url], environment={"NODE_PATH": f"{MODULES}:/usr/share/nodejs"})
    finally:
        stop(server)
    if lines < count:
        raise Failed(f"{command[0]}: {lines} of {count} lines: {error}")
    return {"messages_per_s": count / wall, "cpu_ns_per_message": cpu / count * 1e9}


def send(count):
    server, url = chat_serve()
    lines = FOLDER / f"lines.{count}"
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
        broker = subprocess.Popen(pinned(SERVER_CORE, ["mosquitto", "-p", "18830"]), stdout=subprocess.DEVNULL,
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

LISTEN, SEND, WORD = "listening", "sending lines", "a word"


def measure(results):
    rounds, count, words = (1, 200000, 8) if QUICK else (5, 1000000, 40)
    for _ in range(rounds):
        results.note(LISTEN, "chat-listen", listen([BUILD / "chat-listen", "--no-reconnect", "-U"], count))
        results.note(LISTEN, "node ws", listen(["node", HERE / "peers/listen.js"], count))
        results.note(SEND, "chat-send -l", send(count // 2))
        for name, figures in one_words(words).items():
            results.note(WORD, name, figures)


def medians(results, case, metric):
    programs = dict.fromkeys(line["program"] for line in results.lines if line["case"] == case)
    return {program: results.median(case, program, metric) for program in programs}


def report(listens, costs, sends, words):
    rows = [["chat-listen, messages/s of 100-byte texts", f"{listens['chat-listen']:,.0f}", "1,000,000"],
            ["its CPU a message, against node ws printing them", ratio(costs["chat-listen"], costs["node ws"]), "0.50"],
            ["chat-send -l, acknowledged lines/s", f"{sends['chat-send -l']:,.0f}", "200,000"]]
    rows += [[f"{name}, CPU ms from exec to exit", f"{cpu:.1f}", "15" if name.startswith("chat-send") else ""]
             for name, cpu in words.items()]
    return table("", ["what", "figure", "bar"], rows)


def bars(figures, digits=0):
    return [picture.Bar(name, value, f"{value:,.{digits}f}",
                        picture.OURS if name.startswith("chat-") else picture.OTHER) for name, value in figures.items()]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    ours = {name: version_of(BUILD / name.split()[0]) for name in ("chat-listen", "chat-send -l", "chat-send hi")}
    results = Results("clients", {**ours, "node ws": f"node {version_of('node')}" if shutil.which("node") else ""})
    measure(results)
    results.write()
    listens, costs = (medians(results, LISTEN, metric) for metric in ("messages_per_s", "cpu_ns_per_message"))
    sends, words = medians(results, SEND, "lines_per_s"), medians(results, WORD, "cpu_ms")
    shown = report(listens, costs, sends, words)
    print(shown)
    (FOLDER / "clients.md").write_text(shown + "\n")
    (FOLDER / "clients.svg").write_text(picture.bars("Clients: one core", machine()["cpu"], [
        ("Printing messages of 100 bytes: messages/s; more is better", bars(listens)),
        ("The same: ns of CPU a message; less is better", bars(costs)),
        ("Sending lines: acknowledged lines/s; more is better", bars(sends)),
        ("Sending one word: ms of CPU from exec to exit; less is better", bars(words, 1))]))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        print(f"clients.py: {failure}", file=sys.stderr)
        sys.exit(1)
