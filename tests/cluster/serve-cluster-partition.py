"""The machine that leads the stream is cut off from the others while clients are on both sides."""
import time

from cluster_traffic import Traffic
from clustering import NATS_SERVER
from machines import Machines, enter_namespace, may_make_machines
from serving import case, main, unittest


def play(seconds, who):
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    if not may_make_machines():
        raise unittest.SkipTest("no namespaces can be made here")
    options = ["--open", "--rate", "0", "--rate-bytes", "0", "--rate-join", "0", "--max-per-address", "1000"]
    machines = Machines(journal=True, options=options).start_all()
    traffic = Traffic(machines, 16, 0.1)
    traffic.flows()
    number = (machines.wait_for_leader() + who) % 3
    machines.cut_off(number)
    time.sleep(seconds)
    machines.mend(number)
    traffic.flows()
    traffic.finish()
    machines.close()


@case("the leader is cut off for 14 seconds", server=False)
def _():
    play(14, 0)


@case("the leader is cut off for longer than its server waits", server=False)
def _():
    play(25, 0)


@case("another one is cut off", server=False)
def _():
    play(14, 1)


if __name__ == "__main__":
    enter_namespace()
    main()
