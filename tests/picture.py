#!/usr/bin/python3
"""Runs a session of three terminals with the commands in $CHAT_BUILD, and prints a picture of it as SVG.

Everything in it is what the commands printed. The server listens at its default address, which must be free.
"""
import html
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

SERVE = "chat-serve >chat.ndjson 2>/dev/null &"
BOT = """chat-listen -u bot --exec jq --unbuffered -c \\
  'select(.content == "!ping")
   | {type: "text", text: "pong", replyTo: .id}'"""
BOB = "chat-listen -u bob --human"
ALICE = [
    "chat-send -u alice build 42 is green | jq -c '{id, content}'",
    "seq 3 | sed 's/^/step /' | chat-send -u alice -l | wc -l",
    "chat-send -u alice --reply '!ping' | jq -r .content",
    "date | chat-send -u alice -f - --name today.txt | jq .file.size",
    "chat-validate --from server --stats chat.ndjson | head -3",
]

SIZE, LINE, COLUMN, MARGIN = 13, 18, 8, 14  # pixels
COLORS = {"31": "r", "32": "g", "33": "y", "34": "b", "35": "m", "36": "c", "2": "d"}
STYLE = """
text{font:%dpx ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#24292f}
rect{fill:#f6f8fa;stroke:#d0d7de}.p{fill:#1a7f37}.k{font-weight:bold}.d{fill:#6e7781}.r{fill:#cf222e}.g{fill:#1a7f37}
.y{fill:#9a6700}.b{fill:#0969da}.m{fill:#8250df}.c{fill:#1b7c83}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#30363d}.p,.g{fill:#3fb950}.d{fill:#8b949e}
.r{fill:#ff7b72}.y{fill:#d29922}.b{fill:#58a6ff}.m{fill:#bc8cff}.c{fill:#39c5cf}}""" % SIZE


class Terminal:
    """A command that runs until the end, and what it has printed to its terminal."""

    def __init__(self, command):
        self.command, self.said = command, ""
        self.fd, inner = pty.openpty()
        self.process = subprocess.Popen(["bash", "-c", "exec " + command], stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)

    def expect(self, words):
        deadline = time.monotonic() + 10
        while words not in self.said:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                sys.exit("%s: no %r in %r" % (self.command, words, self.said))
            self.said += os.read(self.fd, 65536).decode()

    def end(self):
        self.process.terminate()
        self.process.wait()
        return [prompt(self.command), *[colored(line) for line in self.said.splitlines()]]


def prompt(command):
    first, *rest = [html.escape(line, quote=False) for line in command.split("\n")]
    lines = ['<tspan class="p">$</tspan> <tspan class="k">%s</tspan>' % first]
    return "\n".join(lines + ['<tspan class="k">%s</tspan>' % line for line in rest])


def colored(line):
    """A line with its colours of ANSI as elements."""
    out, span = "", False
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if not code:
            out += html.escape(part, quote=False)
            continue
        out += "</tspan>" * span
        span = code[1] in COLORS
        out += '<tspan class="%s">' % COLORS[code[1]] if span else ""
    return out + "</tspan>" * span


def run(command):
    """Of a command that ends: its prompt, and what it printed."""
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + command], stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 141):
        sys.exit("%s: exit status %d" % (command, done.returncode))
    return [prompt(command), *[html.escape(line, quote=False) for line in done.stdout.splitlines()]]


def session():
    """Returns the lines of alice's, the bot's and bob's terminal."""
    server = subprocess.Popen(["bash", "-c", "exec " + SERVE.rstrip("& ")])
    terminals = []
    try:
        subprocess.run(["chat-listen", "--wait", "-u", "bob", "--no-follow"], stdout=subprocess.DEVNULL, check=True)
        terminals.append(Terminal(BOB))
        terminals[-1].expect("here:")
        terminals.append(Terminal(BOT))
        terminals[0].expect("<bot> is here")
        alice = [prompt(SERVE)]
        for command in ALICE:
            alice += run(command)
        terminals[0].expect("bytes]")
    finally:
        ended = [terminal.end() for terminal in terminals]
        server.terminate()
        server.wait()
    return alice, ended[1], ended[0]


def pane(x, y, width, height, lines):
    out = ['<rect x="%d" y="%d" width="%d" height="%d" rx="6"/>' % (x, y, width, height)]
    for number, line in enumerate("\n".join(lines).split("\n")):
        out.append('<text x="%d" y="%d">%s</text>' % (x + MARGIN, y + MARGIN + SIZE + number * LINE, line))
    return out


def height(lines):
    return 2 * MARGIN + LINE * len("\n".join(lines).split("\n"))


def picture(alice, bot, bob):
    left, right = 64 * COLUMN + 2 * MARGIN, 56 * COLUMN + 2 * MARGIN
    below = height(alice) + 10
    tall = max(below + height(bot), height(bob))
    out = pane(1, 1, left, height(alice), alice) + pane(1, below, left, tall - below, bot)
    out += pane(left + 11, 1, right, tall - 1, bob)
    return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><style>%s</style>\n%s\n</svg>' % (
        left + right + 12, tall + 1, STYLE, "\n".join(out))


def main():
    os.environ["PATH"] = os.path.abspath(os.environ["CHAT_BUILD"]) + ":" + os.environ["PATH"]
    os.environ["TERM"] = "xterm"
    os.environ.pop("CHAT_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(picture(*session()))


main()
