"""The disks of the majority of the nats-servers are full: nothing is acknowledged falsely, and when there is room again
it goes on, without a restart of any chat-serve.
"""
import time

from cluster_traffic import Traffic
from clustering import NATS_SERVER, START
from machines import Disks, enter_namespace, may_make_machines
from peer import until
from serving import case, main, unittest


@case("two disks of three are full", server=False)
def _():
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    if not may_make_machines():
        raise unittest.SkipTest("no namespaces can be made here")
    disks = Disks(journal=True).start_all()
    traffic = Traffic(disks, 8, 0.02)
    traffic.flows()
    for number in 0, 1:
        disks.fill(number)
    until(lambda: any("messages are not stored" in node.errors() for node in disks.nodes), "it is said", START)
    print("# " + next(line for node in disks.nodes for line in node.errors().splitlines() if "not stored" in line), flush=True)
    until(lambda: any(disks.health(number)[0] == 503 for number in range(3)), "a server is not healthy")
    time.sleep(5)
    for number in 0, 1:
        disks.make_room(number)
        disks.nats[number].kill()  # a nats-server that has met a full disk does without JetStream until it begins again
        disks.restart_nats(number)
    traffic.flows()
    for number, node in enumerate(disks.nodes):
        until(lambda n=number: disks.health(n)[0] == 200, "server %d is healthy again" % number, START)
        assert node.process.poll() is None, "server %d has ended: %s" % (number, node.errors())
        assert "messages are stored again" in node.errors() or "messages are not stored" not in node.errors()
    traffic.finish()
    disks.close()


if __name__ == "__main__":
    enter_namespace()
    main()
