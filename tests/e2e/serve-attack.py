"""Attackers of each kind, from other addresses of loopback, beside twenty users who go on chatting. Everything that
the users say is heard by all of them, in order. When the attackers have gone, the server has given back what they
took. bench/attack.py measures the times.
"""
import os

from attack import ATTACKS, Attack, Crowd, surroundings
from peer import until
from serving import COUNTABLE, Server, case, main

SECONDS = 1  # under attack
MEMORY_KIB = 24 << 10  # that the allocator may keep
QUICK = ("--head-timeout", "1s", "--init-timeout", "1s", "--message-timeout", "1s", "--close-timeout", "1s",
         "--progress-timeout", "1s", "--queue", "1M", "--grace", "100ms")  # fmt: skip
SANITIZED = "asan" in os.environ["BUILD"] or "tsan" in os.environ["BUILD"]  # their memory is another matter


def resident_kib(server):
    with open("/proc/%d/status" % server.pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def under(row, *options):
    """One case: the attack ROW on a server with these options."""

    @case(row, server=False)
    def _():
        server = Server(*QUICK, *COUNTABLE, *options, **surroundings(row))
        crowd = Crowd(server)
        crowd.chat(0.2)
        before = server.descriptors(), resident_kib(server)
        attack = Attack(row, server)
        crowd.chat(SECONDS)
        attack.end()
        print("# %s: %d texts, p99 %.1f ms" % (row, crowd.rounds, crowd.p99_ms()))
        crowd.chat(0.2)
        until(lambda: server.descriptors() <= before[0], "%d descriptors again" % before[0])
        if not SANITIZED:
            until(lambda: resident_kib(server) < before[1] + MEMORY_KIB, "%d KiB of memory again" % before[1])
        server.stop()


for name in ATTACKS:
    if name == "texts among them":
        under(name, "--rate", "50")
    else:
        under(name)

main()
