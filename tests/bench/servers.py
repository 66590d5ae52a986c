"""Starts the servers that are measured, and load against them."""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import BUILD, MODULES, TOOLS, Failed, output_of, pinned, say, version_of

HERE = Path(__file__).resolve().parent
START_SECONDS = 20
LOAD_SECONDS = 180

class Server:
    """A way to start one; it prints its URL on stdout, or into the file that its command line names."""

    def __init__(self, name, title, command, environment=None):
        self.name, self.title, self.command = name, title, command
        self.environment = {**os.environ, **(environment or {})}

    def start(self, core, folder):
        url_file, said = folder / "url", folder / "stderr"
        url_file.unlink(missing_ok=True)
        prints = "URL_FILE" not in self.command
        command = pinned(core, [url_file if a == "URL_FILE" else a for a in self.command])
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
    return Server("chat-serve", version_of(serve),
                  [serve, "--quiet", "--listen", "127.0.0.1:0", "--url-file", "URL_FILE", "--max-connections",
                   1000000, "--max-members", 1000000, "--max-channels", 1000000, "--queue-total", "4G"])


def floor():
    return Server("floor", "floor", [TOOLS / "floor"])


def bun():
    """npm leaves the program in the package of the platform, or in bun's own once its install script ran."""
    found = [*MODULES.glob("@oven/bun-*/bin/bun"), *MODULES.glob("bun/bin/bun.exe")]
    if not found:
        raise Failed(f"there is no bun in {MODULES} (make bench-deps)")
    return Server("bun", f"Bun {version_of(found[0])}", [found[0], HERE / "peers/bun.js"])


def ws():
    if not (MODULES / "ws").is_dir():
        raise Failed(f"there is no ws in {MODULES} (make bench-deps)")
    version = json.loads((MODULES / "ws/package.json").read_text())["version"]
    return Server("ws", f"ws {version}, node {version_of('node')}", ["node", HERE / "peers/ws.js"],
                  {"NODE_PATH": str(MODULES)})


def servers_found(wanted):
    """Those that can run. A peer that cannot is said to be missing; chat-serve and floor must be there."""
    found = {}
    for name, make in {"chat-serve": chat_serve, "bun": bun, "ws": ws, "floor": floor}.items():
        if wanted and name not in wanted:
            continue
        try:
            found[name] = make()
        except (Failed, OSError) as error:
            if name in ("chat-serve", "floor"):
                raise
            say(f"without {name}: {error}")
    return found


# ---- a run ----


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed, one for the server and one for the load")
    return cores[0], cores[1]


def load(url, pid, core, arguments):
    command = [TOOLS / "load", "--url", url, "--pid", pid, *arguments]
    return json.loads(output_of(*pinned(core, command), seconds=LOAD_SECONDS))


def run_once(server, arguments, cores):
    """A fresh server on the first core, and load on the second; what load measured."""
    with tempfile.TemporaryDirectory(prefix="chat-bench.") as folder:
        process, url = server.start(cores[0], Path(folder))
        try:
            return load(url, process.pid, cores[1], arguments)
        finally:
            stop(process)
