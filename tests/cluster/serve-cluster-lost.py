"""A stream that has lost entries, as nats-servers that lose power all at once may lose them: a server that has told its
members of one says so and ends, and its journal is refused.
"""
import os
import shutil

from cluster_traffic import archive
from clustering import NATS_SERVER, START, Cluster, Nats
from peer import until
from serving import case, main, unittest

LOST = "the stream has lost entry 3, which members were told of"
OTHER = "entry 3 of the stream is not the one that members were told of"
JOURNAL = "the journal has messages that the stream has lost"


def started():
    """Two servers, the second one with a journal."""
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    servers = Cluster(nats=1, nodes=2)
    servers.start(0)
    servers.start(1, "--journal", journal(servers))
    servers.ready(0), servers.ready(1)
    return servers


def journal(servers):
    return os.path.join(servers.dir, "journal")


def say(servers, *texts):
    """Says them to the first server; both have them then."""
    alice = servers.join(0, "alice")
    listener = servers.join(1, "listener", presence="hidden")
    for text in texts:
        alice.text(text)
        heard = alice.heard(text)
        while (message := listener.recv()) != heard:
            assert message["type"] == "userStatus", message
    alice.leave(), listener.close()


def contents(servers, number):
    probe = servers.join(number, "probe", presence="hidden")
    texts = [message["content"] for message in probe.history["messages"]]
    probe.close()
    return texts


def go_back(servers, *texts):
    """The stream loses its third entry, and gives its number to the first of these."""
    store, copy = servers.store(0), servers.store(0) + ".copy"
    servers.nats[0].end()
    shutil.copytree(store, copy)
    servers.restart_nats(0)
    say(servers, "third")
    for node in servers.nodes:
        node.stop()
    servers.nats[0].kill()
    shutil.rmtree(store)
    os.rename(copy, store)
    servers.restart_nats(0)
    until(servers.answers, "the nats-server is back")
    until(lambda: servers.entries() == 2, "its stream is", START)
    publish(servers, *texts)
    for node in servers.nodes:
        node.go_on()


def publish(servers, *texts):
    """Stores messages as another server does, each in its entry."""
    message = b'{"type":"message","id":"-","sender":"eve","content":"%s","timestamp":1,"channel":"/","senderId":"eve"}\n'
    nats = Nats(servers.clients[0])
    nats.store("chat.chat.log.all", (message % text.encode() for text in texts))
    nats.close()


def end(servers, *sentences):
    for node in servers.nodes:
        status = node.process.wait(START)
        assert status == 74, (status, node.errors())
        assert any(sentence in node.errors() for sentence in sentences), node.errors()


def is_refused(servers):
    """The journal is, and with an empty one the server has what the stream has."""
    node = servers.start(1, "--journal", journal(servers))
    assert node.process.wait(START) == 64, (node.process.returncode, node.errors())
    assert JOURNAL in node.errors(), node.errors()
    shutil.rmtree(journal(servers))
    servers.start(0)
    servers.start(1, "--journal", journal(servers))
    servers.ready(0), servers.ready(1)
    assert archive(servers, 0) == archive(servers, 1)


@case("the newest entry is gone: both servers say so and end", server=False)
def _():
    servers = started()
    say(servers, "first", "second")
    go_back(servers)
    end(servers, LOST)
    is_refused(servers)
    assert contents(servers, 1) == ["first", "second"]
    servers.close()


@case("another entry has its number: both servers say so and end", server=False)
def _():
    servers = started()
    say(servers, "first", "second")
    go_back(servers, "another", "more")
    end(servers, LOST, OTHER)
    assert any(OTHER in node.errors() for node in servers.nodes)
    is_refused(servers)
    assert contents(servers, 1) == ["first", "second", "another", "more"]
    servers.close()


@case("a stream that has removed old entries by its limits has lost nothing", server=False)
def _():
    servers = started()
    say(servers, "first", "second", "third")
    nats = Nats(servers.clients[0])
    assert nats.request("$JS.API.STREAM.PURGE.CHAT_chat", b"")["purged"] == 3
    nats.close()
    servers.nats[0].end()
    servers.restart_nats(0)
    servers.nodes[0].end()
    servers.start(0)
    servers.ready(0)
    assert contents(servers, 0) == [], "who comes now finds nothing"
    say(servers, "fourth")
    servers.nodes[1].end()
    servers.start(1, "--journal", journal(servers))
    servers.ready(1)
    say(servers, "fifth")
    assert contents(servers, 0) == ["fourth", "fifth"], contents(servers, 0)
    assert contents(servers, 1) == ["first", "second", "third", "fourth", "fifth"], contents(servers, 1)
    servers.close()


if __name__ == "__main__":
    main()
