"""Users of a cluster: every server lists exactly who is there, whoever comes, goes, moves or is killed."""
import os
import random

from clustering import NATS_SERVER, Cluster
from peer import SLOWNESS, until
from serving import case, main, unittest

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
USERS, NODE_KILLS = (300, 10) if FULL else (60, 2)
DUST = 10 * SLOWNESS  # seconds after which all lists are right


started = []


def cluster():
    """One for all cases, with nobody in it."""
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    if not started:
        started.append(Cluster(nats=1, options=["--grace", "2s", "--max-per-address", "1000"]).start_all())
    until_present(started[0], [])
    return started[0]


def until_present(servers, names, seconds=DUST):
    wanted = sorted(names)
    for number in range(len(servers.nodes)):
        until(lambda n=number: servers.present(n) == wanted, "node %d lists %d users" % (number, len(wanted)), seconds)


def outcome(peer):
    """Says something: it is heard, or an error has come before."""
    try:
        peer.text("here")
    except OSError:
        pass  # its connection has ended, and the error is still to be read
    while True:
        message = peer.recv()
        if message["type"] == "error":
            return message["code"]
        if message["type"] == "message":
            return "stays"


def settled(claims):
    """Of those who claim a name one stays, and the others have been told. claims: the outcome so far of each peer."""
    for peer, last in claims.items():
        if last != "username_taken":
            claims[peer] = outcome(peer)
    return sorted(claims.values()) == ["stays"] + ["username_taken"] * (len(claims) - 1)


@case("who comes and goes is announced on all servers, once", server=False)
def _():
    servers = cluster()
    alice = servers.join(0, "alice")
    until_present(servers, ["alice"])
    carl = servers.join(1, "carl")
    alice.status("carl", True)
    until_present(servers, ["alice", "carl"])
    again = servers.join(2, "carl")  # the same user, on another server
    carl.leave()
    until_present(servers, ["alice", "carl"])
    alice.text("carl is still there")
    assert alice.recv()["type"] == "message", "who has moved is not announced"
    again.leave()
    alice.status("carl", False)
    until_present(servers, ["alice"])
    alice.leave()


@case("a name belongs to one user, wherever the other one comes", server=False)
def _():
    servers = cluster()
    alice = servers.join(0, "alice")
    until_present(servers, ["alice"])
    other = servers.peer(1)
    other.say({"type": "init", "username": "alice", "id": "another"})
    other.refused("username_taken")
    other.say({"type": "init", "username": "bob", "id": "id-alice"})
    other.refused("id_taken")
    other.close()
    alice.leave()


@case("of two who claim a name at once one stays", server=False)
def _():
    servers = cluster()
    for round in range(5):
        peers = [servers.peer(number) for number in range(3)]
        for number, peer in enumerate(peers):
            peer.say({"type": "init", "username": "round%d" % round, "id": "id%d-%d" % (round, number)})
        until(lambda claims=dict.fromkeys(peers): settled(claims), "one stays", DUST)
        until_present(servers, ["round%d" % round])
        for peer in peers:
            peer.close()
        until_present(servers, [])


@case("a server is killed: its users are gone after the silence, unless they have come elsewhere", server=False)
def _():
    servers = cluster()
    alice = servers.join(0, "alice")
    servers.join(1, "carl"), servers.join(1, "dave")
    until_present(servers, ["alice", "carl", "dave"])
    alice.status("carl", True), alice.status("dave", True)
    servers.nodes[1].kill()
    back = servers.join(2, "carl")
    alice.text("nothing is said yet")
    assert alice.recv()["type"] == "message"
    alice.sock.settimeout(8 + 2 + DUST)
    status = alice.recv("userStatus")
    assert (status["username"], status["online"]) == ("dave", False), status
    servers.start(1)
    servers.ready(1)
    until_present(servers, ["alice", "carl"])
    back.leave(), alice.leave()


@case("%d users on three servers, which are killed and started again" % USERS, server=False)
def _():
    servers = cluster()
    places = {"user%d" % number: None for number in range(USERS)}

    def seat(name):
        number = random.randrange(3)
        places[name] = number, servers.join(number, name)

    for name in places:
        seat(name)
    until_present(servers, places)
    for _ in range(NODE_KILLS):
        dead = random.randrange(3)
        servers.nodes[dead].kill()
        servers.start(dead)
        servers.ready(dead)
        for name, (number, _) in list(places.items()):
            if number == dead:
                seat(name)
        until_present(servers, places)
    for name in list(places)[: USERS // 2]:
        places.pop(name)[1].leave()
    until_present(servers, places)
    for _, peer in places.values():
        peer.leave()


@case("the servers end with 0", server=False)
def _():
    cluster().close()


if __name__ == "__main__":
    main()
