"""A stream that reaches its 2^32nd entry: ids go on in their order, in memory, in the journal and for who comes back."""
import json
import time

from cluster_traffic import archive
from clustering import NATS_SERVER, Cluster, Nats
from peer import until
from serving import case, main, unittest

BEFORE = 4  # entries until the ids need letters


def make_stream(servers):
    """The stream as chat-serve makes it, but for the number of its first entry. Returns that number."""
    until(servers.answers, "the nats-server answers")
    nats = Nats(servers.clients[0])
    made = nats.request("$JS.API.STREAM.CREATE.CHAT_chat", json.dumps(
        {"name": "CHAT_chat", "description": "chat-serve %d" % (time.time() * 1000), "subjects": ["chat.chat.log.>"],
         "storage": "file", "num_replicas": 1, "deny_delete": True, "first_seq": 2**32 - BEFORE}).encode())  # fmt: skip
    nats.close()
    assert "error" not in made, made
    return made["state"]["first_seq"]


@case("the 2^32nd entry of a stream: ids go on in their order", server=False)
def _():
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    servers = Cluster(nats=1, nodes=2, journal=True)
    if make_stream(servers) != 2**32 - BEFORE:
        servers.close()
        raise unittest.SkipTest("this nats-server begins each stream with 1")
    servers.start_all()
    alice = servers.join(0, "alice")
    until(lambda: servers.present(1) == ["alice"], "the other server has heard of alice")
    bob = servers.join(1, "bob")
    alice.status("bob", True)
    said = []
    for number in range(2 * BEFORE):
        (alice, bob)[number % 2].text(str(number), nonce="n%d" % number)
        said.append(alice.heard(str(number)))
        assert bob.heard(str(number)) == said[number]
    ids = [message["id"] for message in said]
    assert ids == sorted(ids), ids
    epoch = ids[0].split("-")[0]
    assert ids[BEFORE - 1 : BEFORE + 1] == [epoch + "-ffffffff00", epoch + "-g000000000"], ids
    for turn in range(2):
        for number in range(2):
            assert [json.loads(line) for line in archive(servers, number)] == said, "server %d has all" % number
            for at, message in enumerate(said):
                probe = servers.join(number, "probe", presence="hidden", since=message["id"])
                assert probe.history["messages"] == said[at + 1 :] and probe.history["complete"], probe.history
                probe.close()
        if turn == 0:
            for node in servers.nodes:
                node.kill()
            servers.start_all()
    alice = servers.join(0, "alice")
    alice.text("1", nonce="n0")
    alice.refused("nonce_reused", nonce="n0")
    alice.text("0", nonce="n0")
    assert alice.recv() == said[0], "its nonce is known"
    servers.close()


if __name__ == "__main__":
    main()
