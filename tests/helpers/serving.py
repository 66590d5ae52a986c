"""Runs the cases of a test, each against a chat-serve of its own, and prints TAP.

A case is a function of a running Server (or, with server=False, of nothing). It fails when it raises an exception,
and is skipped by unittest.SkipTest, which says what this machine lacks. At its end the server is asked to stop and must
exit with 0.
"""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

from peer import DEADLINE, Peer, until

CHAT_SERVE = os.path.join(os.environ["BUILD"], "chat-serve")
TLS = os.environ.get("CHAT_TEST_TLS", "").split()  # options of every server, and its peers use TLS
LOOPS = os.environ.get("CHAT_TEST_LOOPS")  # of every server that can have several
CAP_SYS_PTRACE = 19


def needs_ipv6():
    """Skips the case at hand where the loopback interface has no IPv6, as in many containers."""
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError as error:
        raise unittest.SkipTest("there is no IPv6: " + error.strerror) from None


def may_look_into_others():
    """Returns true if this process may look into any other: as root may, but not in every container."""
    with open("/proc/self/status") as status:
        held = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    return bool(int(held, 16) >> CAP_SYS_PTRACE & 1)


# The options of a server whose descriptors a case counts: one in a sandbox hides them from other processes.
COUNTABLE = () if may_look_into_others() else ("--no-sandbox",)


def begins(line):
    """Returns true for the first line on a server's stdout, which says that no user is present."""
    return line["type"] == "userData" and line["users"] == [] and "you" not in line["server"]


def awaited_cpu(pid):
    """Seconds that threads of the process were ready to run and others ran instead."""
    waited = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as file:
            waited += int(file.read().split()[1]) / 1e9
    return waited


def loops_beside(options):
    """The option for several loops, if the test at hand is to have them and these options allow it."""
    alone = {"--cluster", "--loops"} & {option.split("=")[0] for option in options}
    return ["--loops", LOOPS] if LOOPS and not alone else []


class NotStarted(RuntimeError):
    def __init__(self, status, errors):
        super().__init__("chat-serve did not start, but ended with %d: %s" % (status, errors))
        self.status, self.errors = status, errors


class Server:
    """chat-serve, started and ready. Its stdout goes to a file unless told otherwise."""

    def __init__(self, *options, listen="127.0.0.1:0", env=None, **popen):
        self.dir = tempfile.mkdtemp(dir=os.environ["TMP"])
        self.err_path = os.path.join(self.dir, "err")
        self.out_path = os.path.join(self.dir, "out")
        self.url_path = os.path.join(self.dir, "url")
        self.peers = []
        self.urls = []
        command = [CHAT_SERVE, "--url-file", self.url_path, *TLS, *options, *loops_beside(options)]
        if listen:
            command += ["--listen", listen]
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(os.path.join(self.dir, "ready"))
        environment = {**os.environ, "NOTIFY_SOCKET": ready.getsockname(), **(env or {})}
        with open(self.err_path, "wb") as err, open(self.out_path, "wb") as out:
            popen = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err, **popen}
            self.process = subprocess.Popen(command, env=environment, **popen)
        self.pid = self.process.pid
        self.exit = os.pidfd_open(self.pid)
        select.select([ready, self.exit], [], [], DEADLINE)
        started = bool(select.select([ready], [], [], 0)[0])
        self.state = ready if started else ready.close()
        if not started:
            select.select([self.exit], [], [], DEADLINE)
            self.process.kill()  # nothing, once it has ended
            raise NotStarted(self.wait(), self.errors())
        assert ready.recv(100) == b"READY=1"
        running.append(self)
        self.verbose = "-v" in options
        with open(self.url_path) as file:
            self.url = file.read().strip()

    def peer(self, path="/", url=None, **more):
        peer = Peer(url or self.url, path, **more)
        self.peers.append(peer)
        return peer

    def join(self, username="alice", path="/", id=None, url=None, headers=(), **init):
        """A peer that has joined, its userData and history read."""
        peer = self.peer(path, url, headers=headers)
        peer.user_data, peer.history = peer.init(username, id, **init)
        return peer

    def errors(self):
        with open(self.err_path) as file:
            return file.read()

    def events(self):
        """Returns the events that it has printed on stdout, as whole lines, without the first line."""
        with open(self.out_path, "rb") as file:
            lines = [json.loads(line) for line in file if line.endswith(b"\n")]
        assert begins(lines[0]) if lines else True, lines
        return lines[1:]

    def until_events(self, count):
        until(lambda: len(self.events()) >= count, "%d events on stdout" % count)
        return self.events()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Its exit status."""
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError("chat-serve did not end") from None
        if self.exit >= 0:
            os.close(self.exit)
            self.exit = -1
        return status

    def cpu(self):
        """The CPU time that it has used, in seconds: of it and not of what else this machine does. The clock of another
        process is a number made of its pid: clock_getcpuclockid(3), which Python lacks.
        """
        return time.clock_gettime(~self.pid << 3 | 2)

    def clock(self):
        """A clock that stands still while the server or this process is ready to run and others run instead: what else
        this machine does is not the server's. It goes on while the server works, waits for a disk, or sleeps.
        """
        return time.monotonic() - awaited_cpu(self.pid) - awaited_cpu(os.getpid())

    def descriptors(self):
        """How many it has open; it was started with the options COUNTABLE."""
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def slay(self):
        """kill -9: it leaves its URL file behind."""
        self.process.kill()
        assert self.wait() == -signal.SIGKILL, self.errors()
        self.state.close()
        os.unlink(self.url_path)
        running.remove(self)

    def stop(self, *others):
        """Ends it; what a sanitizer found in it is the exit status. Others than 0 may be right, too."""
        for peer in self.peers:
            peer.close()
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        self.state.close()
        assert status in (0, *others), "exit status %d" % status
        for word in {word for peer in self.peers for word in peer.refusals if self.verbose}:
            assert ": %s: " % word in self.errors(), "with -v nothing says %s" % word
        assert not os.path.exists(self.url_path), "the URL file is still there"
        running.remove(self)


cases = []
running = []  # servers of the case at hand


def case(name, *options, server=True, **start):
    def add(function):
        cases.append((name, function, options if server else None, start))
        return function

    return add


def abandon(server):
    """The case has failed: what the server said may tell why."""
    server.process.kill()
    server.process.wait()
    lines = [line for line in server.errors().splitlines() if not line.startswith("{")][:30]
    print("".join("# " + line + "\n" for line in lines), end="")


def run_case(function, options, start):
    try:
        if options is None:
            function()
        else:
            function(Server(*options, **start))
        while running:
            running[-1].stop()
    finally:
        while running:
            abandon(running.pop())


def main():
    """Runs the cases (those whose names hold the argument, if there is one)."""
    wanted = [one for one in cases if len(sys.argv) < 2 or sys.argv[1] in one[0]]
    failed = 0
    for number, (name, function, options, start) in enumerate(wanted, 1):
        try:
            run_case(function, options, start)
            print("ok %d - %s" % (number, name), flush=True)
        except unittest.SkipTest as why:
            print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
        except Exception:
            failed += 1
            print("not ok %d - %s" % (number, name))
            lines = traceback.format_exc().splitlines()
            print("\n".join("# " + line for line in lines[-12:]), flush=True)
    print("1..%d" % len(wanted))
    sys.exit(failed > 0)
