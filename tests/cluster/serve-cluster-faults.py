"""Bad days of a cluster: each gets a clear word and its exit status, and nothing is acknowledged falsely."""
import json
import os
import shutil
import subprocess
import time

from clustering import BUILD, NATS_SERVER, START, Cluster, Nats
from peer import DEADLINE, SLOWNESS, until
from ports import free_ports
from serving import case, main, unittest

GARBAGE = [b"", b"\xff\xfe", b"{}", b"null", b"x" * 100000, b'{"type":"text","text":"x"}\n' * 10,
           b'{"type":"message","id":"-","sender":"eve","content":"x","timestamp":1,"channel":"other","senderId":"eve"}',
           b'{"type":"message","id":"-","sender":"eve","content":"x","timestamp":1,"channel":"/"}',
           b'{"type":"message","id":"-","sender":"eve","content":"x","timestamp":1,"channel":"/","senderId":"a b"}']  # fmt: skip
ROLL = [b"", b"\xff", b"{}", b'{"roll":"beat"}', b'{"roll":"beat","server":"../x","version":1,"part":0,"parts":0}',
        b'{"roll":"change","server":"eve","version":-5,"part":0,"parts":0}',
        b'{"roll":"whole","server":"eve","version":1,"part":1,"parts":1}\n{"channel":"nowhere","userId":"x",'
        b'"username":"xxx","since":1,"online":true}',
        b'{"roll":"whole","server":"eve","version":1,"part":1,"parts":1}\n{"channel":"/","userId":"x",'
        b'"username":"x\\u202ex","since":1,"online":true}',
        b'{"roll":"whole","server":"eve","version":1,"part":9,"parts":1}']  # fmt: skip


def cluster(**more):
    if not NATS_SERVER:
        raise unittest.SkipTest("there is no nats-server")
    return Cluster(**{"nats": 1, "nodes": 1, **more})


def ends(command, status, word):
    """The command ends by itself, with this status, and says this."""
    ended = subprocess.run([os.path.join(BUILD, "chat-serve"), "--listen", "127.0.0.1:0", *command],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=START)  # fmt: skip
    said = ended.stderr.decode()
    assert ended.returncode == status, "exit status %d, want %d: %s" % (ended.returncode, status, said)
    assert word in said, "%r is not said: %s" % (word, said)


def gives_up(servers, status, word):
    """So does a node that runs."""
    node = servers.nodes[0]
    assert node.process.wait(START) == status, (node.process.returncode, node.errors())
    assert word in node.errors(), "%r is not said: %s" % (word, node.errors())


def until_stored(peer, text):
    """Says it with itself as its nonce, again and again, until it comes back."""
    while True:
        peer.say({"type": "text", "text": text, "nonce": text})
        answer = peer.recv()
        while answer.get("nonce") != text:
            answer = peer.recv()
        if answer["type"] == "message":
            return answer
        assert answer["code"] == "unavailable", answer
        time.sleep(answer["retryAfter"] / 1000)


@case("no nats-server: it waits and says so, or ends with 75, and SIGTERM ends it", server=False)
def _():
    url = "nats://127.0.0.1:%d" % free_ports(1)[0]
    ends(["--cluster", url, "--cluster-wait", "100ms"], 75, "no nats-server answers")
    servers = cluster(nats=0)
    servers.urls = url
    node = servers.start(0)
    until(lambda: "trying again" in node.errors(), "it says that it waits")
    assert node.end() == 0


@case("a wrong URL, a wrong name, a file that is not there", server=False)
def _():
    ends(["--cluster", "localhost:4222"], 64, "begins with nats:// or tls://")
    ends(["--cluster", "nats://127.0.0.1:1,"], 64, "begins with nats:// or tls://")
    ends(["--cluster", "nats://user:secret@127.0.0.1:1"], 64, "--cluster-creds")
    ends(["--cluster", "nats://127.0.0.1:1", "--cluster-name", "a.b"], 64, "--cluster-name")
    ends(["--cluster", "nats://127.0.0.1:1", "--cluster-ca", "/nowhere"], 64, "--cluster")
    ends(["--cluster-name", "x"], 64, "--cluster")


@case("wrong credentials", server=False)
def _():
    servers = cluster(nats_options="authorization { user: a, password: b }")
    servers.start(0)
    gives_up(servers, 77, "refuses this server")
    servers.close()


@case("a stream with other settings", server=False)
def _():
    servers = cluster()
    until(lambda: servers.answers(), "the nats-server answers")
    nats = Nats(servers.clients[0])
    made = nats.request("$JS.API.STREAM.CREATE.CHAT_chat", json.dumps(
        {"name": "CHAT_chat", "subjects": ["chat.chat.log.>"], "storage": "memory"}).encode())  # fmt: skip
    assert "error" not in made, made
    servers.start(0)
    gives_up(servers, 64, "does not keep its entries in files")
    nats.close()
    servers.close()


@case("the stream is deleted while the server runs", server=False)
def _():
    servers = cluster(journal=True).start_all()
    assert "made the stream CHAT_chat" in servers.nodes[0].errors()
    alice = servers.join(0, "alice")
    alice.text("stored")
    alice.heard("stored")
    nats = Nats(servers.clients[0])
    assert nats.request("$JS.API.STREAM.DELETE.CHAT_chat", b"")["success"]
    alice.text("not stored")
    gives_up(servers, 74, "was deleted")
    try:
        while True:
            assert alice.recv().get("content") != "not stored", "it was acknowledged"
    except (EOFError, AssertionError) as end:
        assert "acknowledged" not in str(end), end
    node = servers.start(0)  # it does not make another one in the place of that of which it has messages
    until(lambda: node.errors().count("there is no stream, and the journal has messages") == 1, "it says so")
    until(lambda: servers.health(0)[0] == 503, "it is not healthy")
    assert nats.request("$JS.API.STREAM.INFO.CHAT_chat", b"")["error"]["code"] == 404
    assert node.end() == 0
    shutil.rmtree(os.path.join(servers.dir, "journal0"))
    servers.start(0)
    servers.ready(0)
    bob = servers.join(0, "bob")
    assert bob.history["messages"] == []
    bob.close(), nats.close()
    servers.close()


def replace_stream(servers, **changed):
    """Somebody deletes the stream, and makes it again without its entries."""
    nats = Nats(servers.clients[0])
    config = nats.request("$JS.API.STREAM.INFO.CHAT_chat", b"")["config"]
    assert nats.request("$JS.API.STREAM.DELETE.CHAT_chat", b"")["success"]
    made = nats.request("$JS.API.STREAM.CREATE.CHAT_chat", json.dumps({**config, **changed}).encode())
    assert "error" not in made, made
    nats.close()


@case("another stream has the name while the server runs, and an old copy of the stream is there when it comes back", server=False)
def _():
    servers = cluster(journal=True).start_all()
    alice = servers.join(0, "alice")
    alice.text("stored")
    alice.heard("stored")
    alice.close()
    assert servers.nodes[0].end() == 0
    replace_stream(servers)
    servers.start(0)
    gives_up(servers, 64, "messages that the stream has lost")
    shutil.rmtree(os.path.join(servers.dir, "journal0"))
    servers.start(0)
    servers.ready(0)
    replace_stream(servers, description="chat-serve 1")
    gives_up(servers, 74, "was deleted")
    servers.close()


@case("messages that no nats-server stores are refused in time, and are stored once, in order, when they are back", server=False)
def _():
    servers = cluster().start_all()
    alice, bob = servers.join(0, "alice"), servers.join(0, "bob")
    alice.status("bob", True)
    servers.nats[0].stop()
    alice.say({"type": "text", "text": "a", "nonce": "a"})
    until(lambda: "messages are not stored: the stream does not answer" in servers.nodes[0].errors(), "it says so")
    assert servers.health(0)[0] == 503
    alice.say({"type": "text", "text": "b", "nonce": "b"})  # it waits behind the first one, and not so long
    alice.sock.settimeout(20 + DEADLINE)
    for nonce in "ab":
        alice.refused("unavailable", nonce=nonce, retryAfter=1000)
    alice.say({"type": "text", "text": "c", "nonce": "c"})  # before it knows of that, as far as the server can tell
    alice.refused("unavailable", nonce="c", retryAfter=1000)
    servers.nats[0].go_on()
    bob.say({"type": "text", "text": "of another", "nonce": "d"})
    while bob.recv("message")["content"] != "of another":
        pass
    first = until_stored(alice, "a")
    later = [until_stored(alice, text) for text in "bc"]
    assert until_stored(alice, "a") == first, "it is told again"
    assert "messages are stored again" in servers.nodes[0].errors()
    probe = servers.join(0, "probe", presence="hidden")
    messages = [message for message in probe.history["messages"] if message["sender"] == "alice"]
    assert messages == [first, *later], messages
    servers.close()


@case("max_payload bounds a message", server=False)
def _():
    servers = cluster(nats_options="max_payload: 65536").start_all()
    alice = servers.join(0, "alice")
    most = alice.user_data["server"]["maxMessage"]
    assert 60000 < most < 65536, most
    alice.say({"type": "file", "file": {"name": "f", "type": "text/plain", "size": 45000, "data": "YWFh" * 15000}})
    assert alice.recv("message")["file"]["size"] == 45000
    alice.say({"type": "file", "file": {"name": "f", "type": "text/plain", "size": 52500, "data": "YWFh" * 17500}})
    assert alice.recv("error")["code"] == "too_large"
    servers.close()


@case("what no server has written is reported and left out", server=False)
def _():
    servers = cluster(nodes=2).start_all()
    alice = servers.join(0, "alice")
    until(lambda: servers.present(1) == ["alice"], "the other server has heard of alice")
    bob = servers.join(1, "bob")
    alice.status("bob", True)
    alice.text("before")
    alice.heard("before"), bob.heard("before")
    nats = Nats(servers.clients[0])
    for text in GARBAGE:
        nats.publish("chat.chat.log.all", text)
        nats.publish("chat.chat.log.zz", text)
    for text in ROLL:
        nats.publish("chat.chat.roll", text)
    nats.publish("chat.chat.log.all", b'{"type":"message","id":"-","sender":"eve","content":"eve","timestamp":1,'
                 b'"channel":"/","senderId":"eve"}\n' * 300)  # fmt: skip
    for peer in alice, bob:
        for _ in range(256):
            peer.heard("eve")
    name = next(line for line in servers.nodes[1].errors().splitlines() if " is there" in line).split()[-3]
    nats.publish("chat.chat.roll", b'{"roll":"whole","server":"%s","version":9,"part":1,"parts":1}' % name.encode())
    until(lambda: "in the name of this server" in servers.nodes[0].errors(), "it is reported")
    until(lambda: servers.present(1) == ["alice", "bob"], "and asked what is true")
    alice.text("after")
    after = alice.heard("after")
    while (message := bob.recv())["type"] != "message":  # alice may have gone and come
        pass
    assert message == after, message
    for node in servers.nodes:
        until(lambda n=node: n.errors().count("left out") > len(GARBAGE), "it is reported")
    nats.close()
    servers.close()


@case("a journal of another chat is refused", server=False)
def _():
    servers = cluster(nodes=2, journal=True)
    journal = os.path.join(servers.dir, "journal0")
    alone = subprocess.Popen([os.path.join(BUILD, "chat-serve"), "--listen", "127.0.0.1:%d" % servers.ports[0],
                              "--journal", journal], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    until(lambda: servers.accepts(0), "it serves")
    alice = servers.join(0, "alice")
    alice.text("alone")
    alice.heard("alone")
    alice.close()
    alone.terminate()
    assert alone.wait(DEADLINE) == 0
    servers.start(1)
    servers.ready(1)
    servers.start(0)
    gives_up(servers, 64, "not of this cluster")
    servers.close()


if __name__ == "__main__":
    main()
