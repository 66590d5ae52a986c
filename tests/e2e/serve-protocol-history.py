"""The history that a newcomer gets, and what `since` brings back, as chat-protocol(7) describes, and the limits on both."""
import json

from limits_table import limits
from serving import case, main

def texts(count, start=0):
    return ["text %d" % i for i in range(start, start + count)]


def contents(history):
    return [message["content"] for message in history["messages"]]


@case("history is the last 50, oldest first")
@limits("--history")
def _(server):
    alice = server.join("alice")
    for text in texts(60):
        alice.text(text)
    said = [alice.recv("message") for _ in range(60)]
    bob = server.join("bob")
    assert bob.history == {"type": "history", "messages": said[10:]}
    alice.status("bob", True)
    alice.text("next")
    bob.heard("next")


@case("history can be shorter, or nothing", "--history", "0")
def _(server):
    alice = server.join("alice")
    alice.text("hi")
    alice.heard("hi")
    assert server.join("bob").history["messages"] == []


def say_file(peer, name, size):
    file = {"name": name, "type": "t", "size": size, "data": "A" * size}
    peer.say({"type": "file", "file": file})
    return peer.heard(name)


@case("a history too large leaves out the largest file data first, then the oldest messages",
      "--history-bytes", "4k")  # fmt: skip
@limits("--history-bytes")
def _(server):
    alice = server.join("alice")
    alice.text("first")
    first = alice.heard("first")
    small = say_file(alice, "small", 400)
    large = say_file(alice, "large", 3000)
    alice.text("x" * 900)
    last = alice.recv("message")
    bob = server.peer()
    bob.init("bob")
    assert len(bob.raw) < 4096 + 100, len(bob.raw)
    del large["file"]["data"]
    large["file"]["omitted"] = True
    assert json.loads(bob.raw)["messages"] == [first, small, large, last]
    alice.status("bob", True)
    said = [small, large, last]
    for text in texts(3):
        alice.text(text.ljust(800, "."))
        said.append(alice.recv("message"))
    del small["file"]["data"]
    small["file"]["omitted"] = True
    carl = server.peer()
    messages = carl.init("carl")[1]["messages"]
    assert len(carl.raw) < 4096 + 100, len(carl.raw)
    assert 0 < len(messages) < 6 and messages == said[-len(messages) :], messages


@case("one message larger than the history is kept without its data", "--history-bytes", "1k")
def _(server):
    alice = server.join("alice")
    say_file(alice, "big", 100000)
    file = server.join("bob").history["messages"][0]["file"]
    assert file == {"name": "big", "type": "t", "size": 100000, "omitted": True}, file


@case("since: what came after it, and complete says so")
def _(server):
    alice = server.join("alice")
    for text in texts(100):
        alice.text(text)
    said = [alice.recv("message") for _ in range(100)]
    for position in 0, 42, 98, 99:
        history = server.join("bob%d" % position, since=said[position]["id"]).history
        assert history["complete"] is True, history
        assert history["messages"] == said[position + 1 :]
    assert "complete" not in server.join("carl").history


@case("since: what is no longer kept, or was never known, makes it incomplete",
      "--history-keep", "10")  # fmt: skip
@limits("--history-keep")
def _(server):
    alice = server.join("alice")
    for text in texts(30):
        alice.text(text)
    said = [alice.recv("message")["id"] for _ in range(30)]
    for since, complete, messages in (
        (said[0], False, texts(10, 20)),
        (said[18], False, texts(10, 20)),
        (said[19], True, texts(10, 20)),
        (said[29], True, []),
        ("", False, texts(10, 20)),
        ("x", False, texts(10, 20)),
        ("0" * 12 + said[0][12:], False, texts(10, 20)),
        ("é" * 500, False, texts(10, 20)),
    ):
        peer = server.peer()
        history = peer.init("bob", since=since)[1]
        assert history["complete"] is complete, (since, history["complete"])
        assert contents(history) == messages, (since, contents(history))


@case("since: a channel that keeps nothing says so even after everybody had left",
      "--history-keep", "0", "--grace", "0")  # fmt: skip
def _(server):
    alice = server.join("alice")
    for text in texts(2):
        alice.text(text)
    said = [alice.recv("message")["id"] for _ in range(2)]
    assert server.join("bob", since=said[1]).history["complete"] is True
    assert server.join("bob", since=said[0]).history["complete"] is False
    for peer in server.peers:
        peer.close()
    server.until_events(6)
    assert server.join("carl", since=said[0]).history["complete"] is False


@case("an id of another run of the server is not known", "--history-keep", "5")
def _(server):
    alice = server.join("alice")
    alice.text("hi")
    known = alice.heard("hi")["id"]
    epoch, number = known.split("-")
    other = "%0*x-%s" % (len(epoch), int(epoch, 16) - 1, number)
    assert server.join("bob", since=other).history["complete"] is False
    assert server.join("carl", since=known).history["complete"] is True


@case("messages do not stay in memory beyond their limit", "--history-memory", "20k")
@limits("--history-memory")
def _(server):
    alice = server.join("alice")
    for text in texts(100):
        alice.text(text.ljust(900, "."))
        alice.recv("message")
    assert 5 < len(server.join("bob", since="x").history["messages"]) < 20


if __name__ == "__main__":
    main()
