"""chat-validate measured on a log of 100 MB (validate_corpus.c): CPU time of one process, user and system,
the median of rounds in which everybody has a turn. Ratios are of medians. Writes validate.md, validate.svg and
results.ndjson (results.py) into the bench folder of the build ($CHAT_BUILD, default build); with --picture FILE the
picture goes there. BENCH_QUICK=1: 20 MB and fewer rounds. What `make bench-deps` has not installed is left out."""
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import picture
from results import BUILD, FOLDER, QUICK, TOOLS, Results, table, version_of

HERE = Path(__file__).parent
MEGABYTES, ROUNDS = (20, 3) if QUICK else (100, 9)
OURS = str(BUILD / "chat-validate")
LIBRARY = str(TOOLS / "validate_library")
CASE = "normal"  # of the results: each contender has its own scanner or corpus


def corpus(mode, megabytes=MEGABYTES):
    path = FOLDER / f"{mode}-{megabytes}.ndjson"
    if not path.exists():
        with open(path, "wb") as out:
            subprocess.run([TOOLS / "validate_corpus", mode, str(megabytes)], stdout=out, check=True)
    return str(path)


def run(command, scan=None, statuses=(0, 1)):
    """CPU and wall seconds of a run with its output thrown away."""
    env = dict(os.environ, CHAT_VALIDATE_SCAN=scan or "", CHAT_PEERS=str(FOLDER))
    begun = time.monotonic()
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in statuses:
        sys.exit(f"{command}: exit status {child.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begun


def contenders():
    """name: (command, scanner)"""
    normal = corpus("normal")
    schema = FOLDER / "schema.json"
    schema.write_bytes(subprocess.run([OURS, "--schema"], stdout=subprocess.PIPE, check=True).stdout)
    found = {
        "chat-validate": ([OURS, normal], None),
        "sse2": ([OURS, normal], "sse2"),
        "plain": ([OURS, normal], "plain"),
        "none": ([OURS, normal], "none"),
        "escaped": ([OURS, corpus("escaped")], None),
        "spaced": ([OURS, corpus("spaced")], None),
        "bad": ([OURS, "--max-errors", "0", corpus("bad")], None),
        "-j 2": ([OURS, "-j", "2", normal], None),
        "libchat, one call": ([LIBRARY, normal], None),
        "libchat, blocks": ([LIBRARY, "feed", normal], None),
        "wc -l": (["wc", "-l", normal], None),
        "cJSON + checks": ([str(TOOLS / "validate_cjson"), normal], None),
    }
    if (TOOLS / "validate_simdjson").exists():
        found["simdjson, parse only"] = ([str(TOOLS / "validate_simdjson"), normal], None)
    if shutil.which("node") and (FOLDER / "node_modules" / "ajv").exists():
        found["node + ajv"] = (["node", str(HERE / "validate_ajv.js"), str(schema), normal], None)
    return found


def measure(found, results):
    for turn in range(-1, ROUNDS):
        for name, (command, scan) in found.items():
            if name == "node + ajv" and turn > (0 if QUICK else 2):
                continue
            cpu, wall = run(command, scan)
            if turn >= 0:
                results.note(CASE, name, {"cpu_s": cpu, "wall_s": wall})
    return [{name: results.median(CASE, name, metric) for name in found} for metric in ("cpu_s", "wall_s")]


def instructions(*command):
    """Per byte of 3 MB, the start included; None without valgrind."""
    path = corpus("normal", 3)
    if not shutil.which("valgrind"):
        return None
    said = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command, path],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", said).group(1)) / os.path.getsize(path)


def resident_kib(path):
    """The most memory a run had: time(1) starts it, for a child of ours would begin with our own."""
    said = subprocess.run(["/usr/bin/time", "-f", "%M", OURS, path], stderr=subprocess.PIPE, text=True, check=True)
    return int(said.stderr.split()[-1])


def start_ms():
    def once(command):
        begun = time.monotonic()
        os.waitpid(os.posix_spawn(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]), 0)
        return time.monotonic() - begun
    ours, true = [], []
    for _ in range(50 if QUICK else 300):
        ours.append(once([OURS]))
        true.append(once([shutil.which("true")]))
    return (statistics.median(ours) - statistics.median(true)) * 1000


def ratios(cpu, wall):
    """what, measured, least, goal, unit; a cost where least > goal"""
    us = cpu["chat-validate"]
    rows = [("cJSON parse + the same checks", cpu["cJSON + checks"] / us, 4, 7, "×")]
    if "simdjson, parse only" in cpu:
        rows.append(("simdjson 3, DOM per line, parse only", cpu["simdjson, parse only"] / us, 1.1, 1.7, "×"))
    rows.append(("`wc -l`", cpu["wc -l"] / us, 0.25, 0.45, "×"))
    if "node + ajv" in cpu:
        rows.append(("node + ajv", cpu["node + ajv"] / us, 15, 25, "×"))
    rows += [
        ("SSE2 only, against cJSON + checks", cpu["cJSON + checks"] / cpu["sse2"], 3, 4.5, "×"),
        ("everything escaped, against normal", us / cpu["escaped"], 0.6, 0.8, "×"),
        ("everything spaced, against normal", us / cpu["spaced"], 0.6, 0.8, "×"),
        ("5% bad lines with messages, against none", us / cpu["bad"], 0.8, 0.95, "×"),
        ("`-j 2` against one, wall clock", wall["chat-validate"] / wall["-j 2"], 1.6, 1.9, "×"),
    ]
    for name in "libchat, one call", "libchat, blocks":
        rows.append((f"{name}, time against chat-validate", cpu[name] / us, 1.1, 1.02, "×"))
    per_byte = instructions(OURS)
    if per_byte:
        rows.append(("instructions per byte (callgrind, 3 MB)", per_byte, 7, 2.8, ""))
        for name, command in ("one call", [LIBRARY]), ("blocks", [LIBRARY, "feed"]):
            rows.append((f"libchat, {name}, instructions against chat-validate", instructions(*command) / per_byte,
                         1.1, 1.02, "×"))
    if os.path.exists("/usr/bin/time"):
        rows.append(("resident memory", resident_kib(corpus("normal")) / 1024, 8, 2, " MiB"))
    rows.append(("start-up over `true`", start_ms(), 3, 1, " ms"))
    return rows


def judged(rows):
    lines = []
    for what, value, least, goal, unit in rows:
        reached = value >= goal if goal > least else value <= goal
        kept = value >= least if goal > least else value <= least
        mark = "" if reached else " (not the goal)" if kept else " (missed)"
        lines.append([what, f"{value:.2f}{unit}{mark}", f"{least}{unit}", f"{goal}{unit}"])
    return table("", ["against", "measured", "at least", "goal"], lines)


def draw(cpu, size):
    """Bars of MB/s of one core, wc aside."""
    shown = [("chat-validate", "chat-validate", picture.OURS), ("sse2", "chat-validate, SSE2 only", picture.VARIANT),
             ("plain", "chat-validate, no vectors", picture.VARIANT),
             ("simdjson, parse only", "simdjson 3, parse only", picture.OTHER),
             ("cJSON + checks", "cJSON + the same checks", picture.OTHER), ("node + ajv", "node + ajv", picture.OTHER)]
    rates = [(label, size / cpu[name] / 1e6, colour) for name, label, colour in shown if name in cpu]
    bars = [picture.Bar(label, rate, f"{rate:,.0f}", colour) for label, rate, colour in rates]
    return picture.bars("Validating a log: MB/s of one core", f"{size / 1e6:.0f} MB, CPU time; more is better",
                        [("", bars)])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = contenders()
    results = Results("validate", {name: version_of(OURS) for name, (command, _) in found.items()
                                   if command[0] == OURS})
    cpu, wall = measure(found, results)
    size = os.path.getsize(corpus("normal"))
    for name in found:
        results.note(CASE, name, {"bytes": os.path.getsize(found[name][0][-1])})
    results.write()
    rates = "".join(f"- {name}: {cpu[name] * 1000:.0f} ms, {size / cpu[name] / 1e6:,.0f} MB/s\n" for name in cpu)
    result = judged(ratios(cpu, wall)) + "\n\nCPU time, median:\n\n" + rates
    (FOLDER / "validate.md").write_text(result)
    (FOLDER / "validate.svg").write_text(draw(cpu, size))
    if "--picture" in sys.argv:
        Path(sys.argv[sys.argv.index("--picture") + 1]).write_text(draw(cpu, size))
    print(result, end="")


main()
