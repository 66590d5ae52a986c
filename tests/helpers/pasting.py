"""Pastes stdin into an interactive shell on a terminal of its own, and prints what the terminal shows until the shell has
ended. Usage: pasting.py SHELL [OPTION]... <TEXT. Exits with 1 after LIMIT seconds.
"""
import os
import pty
import select
import sys
import time

LIMIT = 20 * int(os.environ.get("CHAT_TEST_SLOWNESS") or 1)


def main():
    text = sys.stdin.buffer.read()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    os.write(terminal, text)
    until = time.monotonic() + LIMIT
    try:
        while select.select([terminal], [], [], max(0, until - time.monotonic()))[0]:
            shown = os.read(terminal, 65536)
            if not shown:
                break
            sys.stdout.buffer.write(shown)
    except OSError:
        pass  # EIO: nobody has the terminal open any more
    os.close(terminal)
    os.waitpid(pid, 0)
    return int(time.monotonic() > until)


if __name__ == "__main__":
    sys.exit(main())
