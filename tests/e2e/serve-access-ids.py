"""With tokens each user of chat-serve has one id, one rate and its own nonces."""
import hashlib
import json
import os
import re
import signal
import subprocess
import time

from access import BUILD, TMP, client, id_of, status_of, tokens_file
from limits_table import limits
from peer import TEXT, frame
from serving import Server, case, main


def you(peer):
    return peer.user_data["server"]["you"]["id"]


@case("with tokens a user is one id, whatever is claimed: that of the token's line, or the name's own", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob:id-bob")
    with open(path, "a") as file:
        file.write("carol:%s\n" % hashlib.sha256(b"secret").hexdigest())
    server = Server("--tokens", path, "--grace", "0")
    one, two = server.join("alice", id="x", token=alice), server.join("alice", id="id-bob", token=alice)
    assert you(one) == you(two) == id_of("alice")
    assert len(two.user_data["users"]) == 1, two.user_data
    ben = server.join("bob", id="x", token=bob)
    one.status("bob", True), two.status("bob", True)
    assert you(ben) == "id-bob" and you(server.join("carol", path="/c", id=id_of("alice"), token="secret")) == id_of("carol")
    one.text("who says so", replyTo="r", nonce="n")
    for peer in one, two, ben:
        message = peer.heard("who says so")
        assert (message["senderId"], message["replyTo"]) == (id_of("alice"), "r"), message
    ben.leave()
    assert one.status("bob", False)["userId"] == "id-bob"


@case("with tokens nobody takes a user's id or next nonces", server=False)
def _():
    path, (alice, mallory) = tokens_file("alice", "mallory")
    server = Server("--tokens", path)
    sender = subprocess.Popen(
        [os.path.join(BUILD, "chat-send"), "-U", server.url, "-u", "alice", "--id", "her-id", "-l"],
        env={**os.environ, "CHAT_TOKEN": alice}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    thief = server.join("mallory", id="her-id", token=mallory)

    def send(text):
        sender.stdin.write(text.encode() + b"\n")
        sender.stdin.flush()
        return json.loads(sender.stdout.readline())

    first = send("first")
    thief.heard("first")
    prefix, number, hops = re.fullmatch(r"(.*-)(\d+)(.*)", first["nonce"]).groups()
    for ahead in range(1, 20):
        thief.text("theft", nonce="%s%d%s" % (prefix, int(number) + ahead, hops))
        thief.heard("theft")
    second = send("second")
    assert (second["content"], second["senderId"]) == ("second", id_of("alice")), second
    thief.heard("second")
    sender.stdin.close()
    assert sender.wait(60) == 0
    server.join("alice", id="her-id", token=alice, presence="hidden")


@case("clients know themselves by the id that the server gives them", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path)
    listener = subprocess.Popen(
        [os.path.join(BUILD, "chat-listen"), "-U", server.url, "-u", "alice", "--no-user", "-t", "message", "-C", "1"],
        env={**os.environ, "CHAT_TOKEN": alice}, stdout=subprocess.PIPE)  # fmt: skip
    bot = subprocess.Popen(
        [os.path.join(BUILD, "chat-listen"), "-U", server.url, "-c", "/bot", "-u", "alice", "-t", "message", "-C", "1", "--exec",
         "jq", "--unbuffered", "-c", '{type:"text",text:("heard " + .content)}'],
        env={**os.environ, "CHAT_TOKEN": alice})  # fmt: skip
    server.until_events(2)
    client("chat-send", server, "-u", "alice", "mine", CHAT_TOKEN=alice)
    client("chat-send", server, "-u", "bob", "his", CHAT_TOKEN=bob)
    client("chat-send", server, "-c", "/bot", "-u", "bob", "ping", CHAT_TOKEN=bob)
    assert json.loads(listener.communicate(timeout=60)[0])["content"] == "his"
    assert listener.returncode == 0 and bot.wait(60) == 0
    said = [event["content"] for event in server.events() if event["type"] == "message"]
    assert said == ["mine", "his", "ping", "heard ping"], said


@case("a proven name has one rate, however many connections and addresses it has", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path, "--rate", "5", "--burst", "10")
    peers = []
    for number in range(20):
        peer = server.peer("/place%d" % (number % 3), source="127.0.0.%d" % (number + 2))
        peer.init("alice", "id%d" % number, token=alice)
        peers.append(peer)
    for number, peer in enumerate(peers):
        peer.text("hi %d" % number)
    accepted = 0
    for number, peer in enumerate(peers):
        while (answer := peer.recv())["type"] != "error" and answer.get("content") != "hi %d" % number:
            pass
        accepted += answer["type"] == "message"
    assert 10 <= accepted <= 12, accepted
    ben = server.join("bob", "/bob", token=bob)
    ben.text("another name")
    ben.heard("another name")


INIT = {"type": "init", "username": "alice", "id": "id", "presence": "hidden"}


def refusal(peer, token):
    """It joins as alice: None, or the time that it has to wait."""
    peer.say(INIT | {"token": token})
    answer = peer.recv()
    return answer.get("retryAfter") if answer["type"] == "error" else None


def spent(server, token):
    """A peer of alice's that has to wait, since others of hers have joined, and for how long."""
    for number in range(100):
        peer = server.peer("/one", source="127.0.0.%d" % (number + 2))
        wait = refusal(peer, token)
        if wait:
            return peer, wait
    raise AssertionError("any number may join")


@case("joins are limited, of a name; new channels, of an address", server=False)
@limits("--rate-join")
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path, "--rate-join", "3", "-v")
    peer, wait = spent(server, alice)
    server.join("bob", "/one", token=bob, presence="hidden").leave()
    while wait:
        assert wait <= 1000 / 3 + 1, wait
        time.sleep(wait / 1000)
        wait = refusal(peer, alice)
    channels = [status_of(server, path="/new%d" % number, source="127.0.0.200") for number in range(40)]
    assert channels[:30] == [101] * 30 and 429 in channels[30:], channels
    assert status_of(server, path="/new1", source="127.0.0.200") == 101, "one that is there may be joined"


@case("who goes on joining without any credit is a bad peer", server=False)
def _():
    path, (alice,) = tokens_file("alice")
    server = Server("--tokens", path, "--rate-join", "1", "-v")
    peer, _ = spent(server, alice)
    peer.send(frame(TEXT, json.dumps(INIT | {"token": alice})) * 25)
    errors = [peer.recv("error") for _ in range(19)]
    assert [error.get("fatal", False) for error in errors] == [False] * 18 + [True], errors
    peer.closes(1008)


@case("who has another id in the file now comes again as that", server=False)
def _():
    path, (alice,) = tokens_file("alice")
    server = Server("--tokens", path)
    peer = server.join("alice", token=alice)
    with open(path) as file:
        line = file.read().strip().rsplit(":", 1)[0]
    with open(path, "w") as file:
        file.write(line + ":a-2\n")
    server.signal(signal.SIGHUP)
    peer.refused("unauthorized", fatal=True)
    peer.closes(1008)
    assert you(server.join("alice", token=alice)) == "a-2"


@case("a join that fails after the past was read leaves nobody trusted with long messages", server=False)
def _():
    server = Server("--journal", os.path.join(TMP, "past"), "--history-keep", "1", "--grace", "0")
    alice = server.join("alice")
    ids = []
    for number in range(5):
        alice.text("message %d" % number)
        ids.append(alice.heard("message %d" % number)["id"])
    late = server.peer()
    late.say({"type": "init", "username": "alice", "id": "other", "since": ids[0]})
    late.refused("username_taken")
    late.say({"type": "init", "username": "bobby", "id": "b" * 5000})
    late.refused("too_large", fatal=True)
    late.closes(1009)
    alice.quiet()


if __name__ == "__main__":
    main()
