"""The cases that fanout.py measures, and the ratios that chat-serve has to keep."""
from dataclasses import dataclass, field
from typing import Optional

RATE = "deliveries/s"
CPU = "ns of CPU per delivery"
CONNECTION = "µs of CPU per connection"


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
    rate_share: float = 0  # of Bun's deliveries/s in RATES_OF
    connections: int = 0  # that the server and load each hold
    servers: tuple = ("chat-serve", "bun", "ws", "floor")
    group: str = ""  # cases whose figures are compared with each other: a key of GROWTHS, DETAILS or both
    quick: bool = False  # measured by --quick, too

    @property
    def needs_load(self):
        """Returns true when a load generator without spare CPU time falsifies the figure."""
        return self.unit == RATE or "latency" in self.metric


def fanout(key, members, senders, window, size, bars, **more):
    label = f"N={members} S={senders} W={window} B={size}"
    arguments = ["-N", members, "-S", senders, "-W", window, "-B", size]
    return Case(key, label, arguments, "deliveries_per_s", RATE, bars, connections=members, **more)


def latency(share, bars=(), quick=False):
    return Case(f"latency-{share:g}", f"N=200 S=32 B=64 at {share:g} of Bun's rate", ["-N", 200, "-S", 32, "-B", 64],
                "latency_us.p99", "µs, p99 of delivery", list(bars), is_cost=True, rounds=3, rate_share=share,
                connections=200, servers=("chat-serve", "bun"), group="latency", quick=quick)


def idle(count, key, per_channel=100, quick=False):
    channels = "one a channel" if per_channel == 1 else f"{per_channel} a channel"
    return Case(key, f"{count:,} idle connections, {channels}",
                ["--idle", count, "--per-channel", per_channel], "rss_per_connection",
                "bytes of memory per connection", [Bar(None, 1024, 600)] if per_channel > 1 else [], is_cost=True,
                rounds=3, seconds=False, connections=count, group="memory",
                quick=quick)


def joins(count, *more, label="hidden"):
    """One more join and leave beside so many members. Seen ones are listed; others than chat-serve list all."""
    return Case("-".join(["joins", label, str(count)]), f"connect, init, leave beside {count:,}, {label}",
                ["--churn", 10000, "--beside", count, *more], "server_us_per_connection", CONNECTION, is_cost=True,
                rounds=3, seconds=False, connections=count + 64, servers=("chat-serve",),
                group=f"joins-{label}")


def crowd(listeners, quick=False):
    return Case(f"crowd-{listeners}", f"{listeners:,} listeners beside 32 senders, W=16 B=64",
                ["-N", listeners + 32, "-S", 32, "-W", 16, "-B", 64], "server_ns_per_delivery", CPU, is_cost=True,
                rounds=3, connections=listeners + 32, servers=("chat-serve", "bun", "floor"), group="crowd",
                quick=quick)


RATES_OF = "fan-out"  # the case whose figure of Bun's the shares are of
CASES = [
    fanout("two", 2, 2, 1, 64, [Bar("bun", 0.9, 1.25), Bar("floor", 0.7, 0.92)], quick=True),
    fanout("ten", 10, 10, 16, 64, [Bar("floor", 0.5, 0.8)]),
    fanout("talkative", 32, 32, 16, 64, [Bar("bun", 2.5, 4), Bar("floor", 0.5, 0.8)]),
    fanout("fan-out", 200, 32, 16, 64, [Bar("bun", 3.5, 5), Bar("floor", 0.6, 0.88)], quick=True),
    fanout("crowded", 1000, 32, 16, 64, [Bar("bun", 4, 6.5), Bar("floor", 0.6, 0.88)], quick=True),
    fanout("long-texts", 200, 32, 16, 1000, [Bar("bun", 1.8, 2.2), Bar("floor", 0.6, 0.9)]),
    fanout("one-by-one", 200, 1, 1, 64, [Bar("bun", 1.05, 1.2)]),
    latency(0.1),
    latency(0.25, quick=True),
    latency(0.5, [Bar("bun", 1.0, 0.7)], quick=True),
    latency(0.75, quick=True),
    latency(0.9),
    latency(1.5),
    latency(3),
    Case("churn", "connect, init, leave; 64 at once", ["--churn", 10000, "--at-once", 64],
         "server_us_per_connection", CONNECTION, [Bar("bun", 1 / 1.1, 1 / 1.3)], is_cost=True,
         seconds=False, connections=64, quick=True),
    joins(100),
    joins(1000),
    joins(10000),
    joins(10000, "--seen", label="seen"),
    idle(10000, "idle", quick=True),
    idle(100000, "idle-most"),
    idle(100000, "channels", per_channel=1),
    crowd(100, quick=True),
    crowd(1000),
    crowd(10000, quick=True),
]


def possible(case, connections):
    """The case where there may be so many connections: the largest idle ones with fewer, others as they are or None."""
    if case.connections <= connections:
        return case
    fewer = connections // 1000 * 1000
    return idle(fewer, case.key, case.arguments[-1]) if case.group == "memory" and fewer > 10000 else None


# Of a group: the largest figure over that of the fewest members.
GROWTHS = {
    "crowd": ("CPU per delivery, from 100 to 10,000 listeners", Bar(None, 2, 1.25)),
    "joins-hidden": ("CPU per join and leave, from 100 to 10,000 members", Bar(None, 2, 1.25)),
}

# Of a group: a table of more figures, with what chat-serve's are of Bun's.
DETAILS = {
    "latency": ("Latency of a delivery, from when its text was due at a fixed rate, µs",
                [("p50", "latency_us.p50"), ("p99", "latency_us.p99"), ("p99.9", "latency_us.p999"),
                 ("deliveries/s", "deliveries_per_s")]),
    "memory": ("Idle connections: bytes of memory each since the server was started, the same after the first channel, "
               "seconds until all were open, and the server's CPU time for each",
               [("each", "rss_per_connection"), ("one more", "rss_per_connection_more"), ("open", "open_s"),
                ("CPU, µs", "server_us_per_connection")]),
}
