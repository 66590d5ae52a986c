"""The cases that fanout.py measures, and the ratios that chat-serve has to keep."""
from dataclasses import dataclass, field
from typing import Optional

RATE = "deliveries/s"
CPU = "ns of CPU per delivery"


@dataclass
class Bar:
    """A ratio to keep. Of a rate it is chat-serve's over the other's, of a cost the same: less is better."""

    against: Optional[str]  # a server; None: the figure itself
    least: float
    goal: float


@dataclass
class Case:
    key: str
    label: str
    arguments: list  # of load; the rate of a case with rate_share is added
    metric: str  # path in load's JSON
    unit: str
    bars: list = field(default_factory=list)
    is_cost: bool = False
    rounds: int = 99  # at most
    seconds: bool = True  # takes --time
    rate_share: float = 0  # of Bun's deliveries/s in the first case
    connections: int = 0  # that the server and load each hold
    servers: tuple = ("chat-serve", "bun", "ws", "floor")
    group: str = ""  # cases whose figures are compared with each other

    @property
    def needs_load(self):
        """Returns true when a load generator without spare CPU time falsifies the figure."""
        return self.unit == RATE or "latency" in self.metric


def fanout(key, members, senders, window, size, bars):
    label = f"N={members} S={senders} W={window} B={size}"
    arguments = ["-N", members, "-S", senders, "-W", window, "-B", size]
    return Case(key, label, arguments, "deliveries_per_s", RATE, bars, connections=members)


def idle(count, key):
    return Case(key, f"{count:,} idle connections, 100 a channel", ["--idle", count],
                "rss_per_connection", "bytes of memory per connection", [Bar(None, 1024, 600)], is_cost=True,
                rounds=3, seconds=False, connections=count)


def crowd(listeners):
    return Case(f"crowd-{listeners}", f"{listeners:,} listeners beside 32 senders, W=16 B=64",
                ["-N", listeners + 32, "-S", 32, "-W", 16, "-B", 64], "server_ns_per_delivery", CPU, is_cost=True,
                rounds=3, connections=listeners + 32, servers=("chat-serve", "bun", "floor"), group="crowd")


CASES = [
    fanout("fan-out", 200, 32, 16, 64, [Bar("bun", 3.5, 5), Bar("floor", 0.6, 0.85)]),
    fanout("crowded", 1000, 32, 16, 64, [Bar("bun", 4, 6.5)]),
    fanout("talkative", 32, 32, 16, 64, [Bar("bun", 2.5, 4)]),
    fanout("long-texts", 200, 32, 16, 1000, [Bar("bun", 1.8, 2.2)]),
    fanout("one-by-one", 200, 1, 1, 64, [Bar("bun", 1.05, 1.2)]),
    Case("latency", "N=200 S=32 B=64 at half of Bun's rate", ["-N", 200, "-S", 32, "-B", 64], "latency_us.p99",
         "µs, p99 of delivery", [Bar("bun", 1.0, 0.7)], is_cost=True, rate_share=0.5, connections=200),
    Case("churn", "connect, init, leave; 64 at once", ["--churn", 10000, "--at-once", 64],
         "server_us_per_connection", "µs of CPU per connection", [Bar("bun", 1 / 1.1, 1 / 1.3)], is_cost=True,
         seconds=False, connections=64),
    idle(10000, "idle"),
    idle(50000, "idle-more"),
    crowd(10),
    crowd(100),
    crowd(1000),
    crowd(10000),
]


def possible(case, connections):
    """The case where there may be so many connections: idle-more with fewer, others as they are or None."""
    if case.connections <= connections:
        return case
    fewer = connections // 1000 * 1000
    return idle(fewer, case.key) if case.key == "idle-more" and fewer > 10000 else None


# Of a group: the largest of chat-serve's figures over the least.
SPREADS = {"crowd": ("CPU per delivery, 10 to 10,000 listeners", Bar(None, 2, 1.3))}
