"""A cluster whose machines are network namespaces, with cables between them that can be cut, or have small disks.

enter_namespace() must be called first: it needs no rights but that the kernel lets a user make namespaces.
"""
import os
import shutil
import subprocess
import sys

from clustering import Cluster, Process
from peer import until

INSIDE = "CHAT_TEST_NAMESPACE"  # in the environment: this process is in a namespace of its own
NEEDS = ["unshare", "-rnm", "sh", "-c", "mount -t tmpfs tmpfs /mnt && ip link add a0 type veth peer name b0 && "
         "ip rule add from 10.0.0.1 to 10.0.0.2 blackhole && echo 1 >/proc/sys/net/ipv4/ip_forward"]  # fmt: skip


def enter_namespace():
    """Begins this program again, in namespaces of its own, if that is possible."""
    if INSIDE in os.environ:
        ip("link set lo up")
        with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
            file.write("1")
    elif subprocess.run(NEEDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-rnm", sys.executable, *sys.argv])


def may_make_machines():
    return INSIDE in os.environ


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


def namespace_of(pid):
    return os.readlink("/proc/%s/ns/net" % pid)


class Machines(Cluster):
    """Each nats-server and the chat-serve that uses it are on a machine of their own. This process is on another one,
    which all of them can reach, and between them.
    """

    made = 0  # by all of them: each has a network of its own

    def __init__(self, count=3, **more):
        self.first = Machines.made
        Machines.made += count
        self.holders = [self.plug_in(number) for number in range(count)]
        super().__init__(nats=count, nodes=count, **more)

    def plug_in(self, number):
        """Makes a machine. Returns a process of it."""
        holder = Process(["unshare", "-n", "sleep", "infinity"], os.devnull)
        until(lambda: namespace_of(holder.pid) != namespace_of("self"), "there is a machine")
        link, here = self.link(number), self.host(number)[:-1] + "1"
        ip("link add %s type veth peer name eth0 netns %d" % (link, holder.pid))
        ip("addr add %s/24 dev %s" % (here, link))
        ip("link set %s up" % link)
        for words in ("link set lo up", "addr add %s/24 dev eth0" % self.host(number), "link set eth0 up",
                      "route add default via %s" % here):  # fmt: skip
            subprocess.run(["nsenter", "-t", str(holder.pid), "-n", "ip", *words.split()], check=True)
        return holder

    def host(self, number):
        return "10.77.%d.2" % (self.first + number)

    def link(self, number):
        return "m%d" % (self.first + number)

    def inside(self, number, command):
        return ["nsenter", "-t", str(self.holders[number].pid), "-n", *command]

    def urls_of(self, number):
        """The nats-server of its own machine, as the manual has it."""
        return "nats://%s:%d" % (self.host(number), self.clients[number])

    def cut_off(self, number, word="add"):
        """Nothing passes any more between this machine and the others; this process still reaches it."""
        for other in range(len(self.holders)):
            if other != number:
                ip("rule %s from %s to %s blackhole" % (word, self.host(number), self.host(other)))
                ip("rule %s from %s to %s blackhole" % (word, self.host(other), self.host(number)))

    def mend(self, number):
        self.cut_off(number, "del")

    def close(self):
        super().close()
        for number, holder in enumerate(self.holders):
            ip("link del " + self.link(number))
            holder.kill()


class Disks(Cluster):
    """Each nats-server has a small disk of its own."""

    SIZE = 48 << 20

    def store(self, number):
        path = os.path.join(self.dir, "disk%d" % number)
        if not os.path.exists(path):
            os.mkdir(path)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % self.SIZE, "tmpfs", path], check=True)
        return os.path.join(path, "js")

    def fill(self, number):
        """Nothing more can be written there."""
        with open(os.path.join(self.dir, "disk%d" % number, "ballast"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20) if shutil.disk_usage(file.name).free > 1 << 20 else b"x")
            except OSError:
                pass

    def make_room(self, number):
        os.unlink(os.path.join(self.dir, "disk%d" % number, "ballast"))

    def close(self):
        for number, nats in enumerate(self.nats):
            nats.kill()
        for number in range(len(self.nats)):
            subprocess.run(["umount", os.path.join(self.dir, "disk%d" % number)], check=True)
        super().close()
