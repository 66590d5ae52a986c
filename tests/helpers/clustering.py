"""Several nats-servers and several chat-serves that are one cluster, on loopback, each of which can be ended and started.

NATS_SERVER names the program; the default is nats-server.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from peer import DEADLINE, SLOWNESS, Peer, until
from ports import free_ports

BUILD = os.environ["BUILD"]
NATS_SERVER = shutil.which(os.environ.get("NATS_SERVER") or "nats-server")
START = 30 * SLOWNESS  # seconds for a cluster to have a leader and a stream
STORES_ON_THE_WAY = 100


def is_since(*version):
    """Whether the nats-server is of this version, or newer."""
    said = subprocess.run([NATS_SERVER, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return tuple(int(part) for part in said.split("v")[-1].split(".")[:2]) >= version


def may_sync():
    """Whether it has sync_interval."""
    return is_since(2, 10)


def has_one_time():
    """Whether all nats-servers have the same time of an entry, also of one that was stored while the leader ended."""
    return is_since(2, 10)


class Process:
    """A program with its standard error in a file, which ends with this process."""

    def __init__(self, command, err, out=subprocess.DEVNULL):
        self.err_path = err
        with open(err, "ab") as file:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=out, stderr=file)
        self.pid = self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """SIGSTOP: no thread of it does anything any more."""

        def state(thread):
            with open("/proc/%d/task/%s/stat" % (self.pid, thread)) as file:
                return file.read().rsplit(")", 1)[1].split()[0]

        self.process.send_signal(signal.SIGSTOP)
        until(lambda: {state(thread) for thread in os.listdir("/proc/%d/task" % self.pid)} == {"T"}, "it is stopped")

    def end(self):
        """Its exit status after SIGTERM."""
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def errors(self):
        with open(self.err_path) as file:
            return file.read()


class Cluster:
    """So many nats-servers and chat-serves. With one nats-server it is no cluster of NATS. synced: each entry is written to
    the disk before it is acknowledged, if the nats-server can do that (may_sync()).
    """

    def __init__(self, nats=3, nodes=3, options=(), journal=False, nats_options="", synced=False):
        self.dir = tempfile.mkdtemp(dir=os.environ["TMP"])
        ports = free_ports(3 * nats + 2 * nodes)
        self.clients, self.routes, self.monitors = ports[:nats], ports[nats : 2 * nats], ports[2 * nats : 3 * nats]
        self.ports, self.metrics = ports[3 * nats : 3 * nats + nodes], ports[3 * nats + nodes :]
        self.options, self.journal = options, journal
        self.urls = ",".join("nats://%s:%d" % (self.host(number), port) for number, port in enumerate(self.clients))
        for number in range(nats):
            self.configure(number, nats_options, ", sync_interval: always" if synced and may_sync() else "")
        self.nats = [self.start_nats(number) for number in range(nats)]
        self.nodes = [None] * nodes

    # ---- what another kind of cluster has of its own ----

    def host(self, number):
        """The address of the machine of a nats-server and a chat-serve."""
        return "127.0.0.1"

    def inside(self, number, command):
        """The command, run on that machine."""
        return command

    def store(self, number):
        """The directory of a nats-server's streams."""
        return "%s/js%d" % (self.dir, number)

    def urls_of(self, number):
        """The nats-servers that a chat-serve is told."""
        return self.urls

    # ---- starting ----

    def configure(self, number, more, more_of_stream):
        host = self.host(number)
        with open(os.path.join(self.dir, "nats%d.conf" % number), "w") as file:
            file.write("server_name: n%d\nlisten: %s:%d\nhttp: %s:%d\n%s\n" % (
                number, host, self.clients[number], host, self.monitors[number], more))
            file.write('jetstream { store_dir: "%s"%s }\n' % (self.store(number), more_of_stream))
            if len(self.clients) > 1:
                file.write("cluster { name: chat, listen: %s:%d, routes: [%s] }\n" % (
                    host, self.routes[number],
                    ", ".join("nats://%s:%d" % (self.host(other), port) for other, port in enumerate(self.routes))))

    def start_nats(self, number):
        conf = os.path.join(self.dir, "nats%d.conf" % number)
        return Process(self.inside(number, [NATS_SERVER, "-c", conf]), conf[:-5] + ".err")

    def restart_nats(self, number):
        self.nats[number] = self.start_nats(number)

    def url(self, number):
        return "ws://%s:%d/" % (self.host(number), self.ports[number])

    def url_file(self, number):
        return os.path.join(self.dir, "url%d" % number)

    def start(self, number, *more):
        """Starts a chat-serve; ready() waits for it."""
        if os.path.exists(self.url_file(number)):
            os.unlink(self.url_file(number))  # of one that was killed
        command = [os.path.join(BUILD, "chat-serve"), "--listen", "%s:%d" % (self.host(number), self.ports[number]),
                   "--url-file", self.url_file(number), "--metrics", "%s:%d" % (self.host(number), self.metrics[number]),
                   "--cluster", self.urls_of(number), "--cluster-replicas", str(len(self.clients) or 1),
                   *self.options, *more]  # fmt: skip
        if self.journal:
            command += ["--journal", os.path.join(self.dir, "journal%d" % number)]
        out = os.path.join(self.dir, "node%d.out" % number)
        with open(out, "ab") as file:
            self.nodes[number] = Process(self.inside(number, command), out[:-4] + ".err", file)
        return self.nodes[number]

    def ready(self, number):
        """Waits until the chat-serve serves."""
        def serves():
            assert self.nodes[number].process.poll() is None, self.nodes[number].errors()
            return os.path.exists(self.url_file(number))

        until(serves, "node %d serves" % number, START)

    def accepts(self, number):
        with socket.socket() as sock:
            return sock.connect_ex((self.host(number), self.ports[number])) == 0

    def ask(self, number, path):
        """The status and the text of a page of the chat-serve's monitor; None, "" if it does not answer."""
        url = "http://%s:%d%s" % (self.host(number), self.metrics[number], path)
        try:
            with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return None, ""

    def health(self, number):
        return self.ask(number, "/healthz")

    def metric(self, number, name):
        """The value of a metric without labels; None if the chat-serve does not answer."""
        for line in self.ask(number, "/metrics")[1].splitlines():
            if line.startswith("chat_%s " % name):
                return float(line.split()[1])
        return None

    def answers(self):
        """The first nats-server does."""
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.clients[0])) == 0

    def start_all(self):
        for number in range(len(self.nodes)):
            self.start(number)
        for number in range(len(self.nodes)):
            self.ready(number)
        return self

    def peer(self, number, path="/"):
        return Peer(self.url(number), path)

    def join(self, number, username, path="/", **init):
        peer = self.peer(number, path)
        peer.user_data, peer.history = peer.init(username, **init)
        return peer

    def present(self, number, path="/"):
        """The names of who is present, as this node lists them."""
        probe = self.join(number, "probe", path, presence="hidden")
        names = sorted(user["username"] for user in probe.user_data["users"])
        probe.close()
        return names

    def stream(self, number):
        """What a nats-server says of the stream; None if it does not answer, or has no stream."""
        url = "http://%s:%d/jsz?streams=1" % (self.host(number), self.monitors[number])
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                for account in json.load(answer).get("account_details") or []:
                    for stream in account.get("stream_detail") or []:
                        return stream
        except (OSError, http.client.HTTPException):
            pass
        return None

    def leader(self):
        """The number of the nats-server that leads the stream, or None."""
        for number in range(len(self.nats)):
            stream = self.stream(number)
            if stream:
                name = (stream.get("cluster") or {}).get("leader", "n0")
                return int(name[1:]) if name else None
        return None

    def wait_for_leader(self):
        until(lambda: self.leader() is not None, "the stream has a leader", START)
        return self.leader()

    def entries(self, number=0):
        """How many entries a nats-server has in the stream."""
        return (self.stream(number) or {"state": {"messages": 0}})["state"]["messages"]

    def close(self):
        nodes = [node for node in self.nodes if node and node.process.poll() is None]
        failed = [(node.process.returncode, node.errors()) for node in nodes if node.end()]
        for nats in self.nats:
            nats.kill()
        assert not failed, "exit status %d: %s" % failed[0]
        shutil.rmtree(self.dir)


class Nats:
    """A client of a nats-server, over a plain socket."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        assert self.file.readline().startswith(b"INFO ")
        self.sock.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')

    def publish(self, subject, text, id=None, reply=""):
        head = b"NATS/1.0\r\nNats-Msg-Id: %s\r\n\r\n" % id.encode() if id else b""
        sizes = "%d %d" % (len(head), len(head) + len(text)) if id else str(len(text))
        self.sock.sendall(b"%s %s %s\r\n%s%s\r\n" % (
            b"HPUB" if id else b"PUB", (subject + " " + reply).strip().encode(), sizes.encode(), head, text))

    def request(self, subject, text):
        """The answer, as JSON."""
        self.sock.sendall(b"SUB _INBOX.test 1\r\nUNSUB 1 1\r\n")
        self.publish(subject, text, reply="_INBOX.test")
        return self.answer()

    def store(self, subject, texts):
        """Publishes to a stream, with at most so many texts on the way; all are stored then."""
        waiting = 0
        self.sock.sendall(b"SUB _INBOX.stored 2\r\n")
        for text in texts:
            self.publish(subject, text, reply="_INBOX.stored")
            waiting += 1
            if waiting == STORES_ON_THE_WAY:
                self.stored()
                waiting -= 1
        while waiting:
            self.stored()
            waiting -= 1
        self.sock.sendall(b"UNSUB 2\r\n")

    def stored(self):
        answer = self.answer()
        assert "seq" in answer, answer

    def answer(self):
        while True:
            line = self.file.readline()
            assert line, "the nats-server ended the connection"
            if line.startswith((b"MSG ", b"HMSG ")):
                body = self.file.read(int(line.split()[-1]) + 2)
                return json.loads(body[body.index(b"{") :])
            if line == b"PING\r\n":
                self.sock.sendall(b"PONG\r\n")

    def close(self):
        self.file.close()
        self.sock.close()
