"""Servers of both kinds are killed, stopped and started again while many speak: nothing acknowledged is lost, nothing
comes twice, and all listeners have the same messages in the same order.
"""
import os
import random
import signal
import time

from cluster_traffic import Traffic
from clustering import NATS_SERVER, Cluster, may_sync
from serving import case, main, unittest

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
SENDERS, PACE = (64, 0.1) if FULL else (8, 0.05)
NODE_KILLS, NATS_KILLS = (20, 20) if FULL else (2, 2)
MANY = ["--history-keep", "1000000", "--history-memory", "1G"]  # all of it is kept in memory


def kill_node(cluster):
    number = random.randrange(len(cluster.nodes))
    cluster.nodes[number].kill()
    time.sleep(random.uniform(0, 1))
    cluster.start(number)


def kill_nats(cluster):
    number, leader = random.randrange(len(cluster.nats)), cluster.leader()
    if leader is not None and random.random() < 0.5:
        number = leader
    cluster.nats[number].kill()
    time.sleep(random.uniform(0, 2))
    cluster.restart_nats(number)


def end_all_nats(cluster, seconds):
    """Kills them all at once, if each entry is on the disk before it is acknowledged. Otherwise, that is before nats-server
    2.10, ends them as systemd does: killed, they may lose what they have told (chat-cluster(7)).
    """
    for nats in cluster.nats:
        nats.process.send_signal(signal.SIGKILL if may_sync() else signal.SIGTERM)
    for nats in cluster.nats:
        nats.process.wait()
    time.sleep(seconds)
    for number in range(len(cluster.nats)):
        cluster.restart_nats(number)


def kill_one_after_the_other(cluster):
    acts = [kill_node] * NODE_KILLS + [kill_nats] * NATS_KILLS
    random.shuffle(acts)
    for act in acts:
        act(cluster)
        time.sleep(random.uniform(1, 3))


def stop_leader(cluster):
    leader = cluster.nats[cluster.wait_for_leader()]
    leader.stop()
    time.sleep(15)
    leader.go_on()


def play(*acts, senders=SENDERS, **options):
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    cluster = Cluster(synced=True, **options).start_all()
    traffic = Traffic(cluster, senders, PACE)
    traffic.flows()
    for act in acts:
        act(cluster)
        traffic.flows()
    for number in range(len(cluster.nodes)):
        cluster.ready(number)
    traffic.finish()
    cluster.close()


@case("servers of both kinds are killed and started again", server=False)
def _():
    play(kill_one_after_the_other, lambda cluster: end_all_nats(cluster, 0), journal=True)


@case("the same, with messages in memory only", server=False)
def _():
    if not FULL:
        raise unittest.SkipTest("CHAT_TEST_FULL=1 plays this, too")
    play(kill_one_after_the_other, options=MANY)


@case("the nats-server that leads the stream is stopped for 15 seconds", server=False)
def _():
    if not FULL:
        raise unittest.SkipTest("CHAT_TEST_FULL=1 plays this, too")
    play(stop_leader, stop_leader, senders=16, journal=True)


@case("all nats-servers end at once, and come back, also after servers have given up messages", server=False)
def _():
    if not FULL:
        raise unittest.SkipTest("CHAT_TEST_FULL=1 plays this, too")
    play(lambda cluster: end_all_nats(cluster, 1), lambda cluster: end_all_nats(cluster, 20), senders=16, journal=True)


if __name__ == "__main__":
    main()
