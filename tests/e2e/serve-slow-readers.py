"""chat-serve drops a client that reads too slowly, by the limits on its queue, on all queues and on its progress, and no other.
"""
import json
import select
import signal

from limiting import big_text, case, fill
from limits_table import limits
from peer import DEADLINE, PING, PONG, TEXT, frame, until
from serving import main


@case("a slow consumer is dropped: error, then Close 1008, on whole frames",
      "--queue", "256k", "--max-message", "256k", "--grace", "0", "--verbose")  # fmt: skip
@limits("--queue")
def _(server):
    alice = server.join("alice")
    slow = server.peer(receive_buffer=4096)
    slow.init("bob")
    alice.status("bob", True)
    while "slow_consumer" not in server.errors():
        fill(server, alice, 100000)
    received = 0
    while (message := slow.recv())["type"] == "message":
        received += 1
    assert received > 0 and (message["code"], message["fatal"]) == ("slow_consumer", True), message
    slow.closes(1008)
    alice.status("bob", False)


@case("a queue in which nothing moves is dropped", "--progress-timeout", "300ms", "--queue", "64M",
      "--close-timeout", "10s", "--verbose")  # fmt: skip
@limits("--progress-timeout")
def _(server):
    alice = server.join("alice")
    slow = server.peer(receive_buffer=4096)
    slow.init("bob")
    alice.status("bob", True)
    fill(server, alice, 8 << 20)
    until(lambda: "slow_consumer" in server.errors(), "it is dropped")
    while (message := slow.recv())["type"] == "message":
        pass
    assert (message["code"], message["fatal"]) == ("slow_consumer", True), message
    slow.closes(1008)


@case("all queues together have a limit: the largest goes, the others stay",
      "--queue-total", "4M", "--queue", "64M", "--verbose")  # fmt: skip
@limits("--queue-total")
def _(server):
    alice = server.join("alice")
    slow = server.peer("/b", receive_buffer=4096)
    slow.init("bob")
    other = server.join("carl", "/b")
    slow.status("carl", True)
    while "slow_consumer" not in server.errors():
        fill(server, other, 100000)
    alice.quiet(), other.quiet()
    while (message := slow.recv())["type"] == "message":
        pass
    assert message["code"] == "slow_consumer", message
    slow.closes(1008)


def stuff(peer, data, patience):
    """Sends data again and again until nothing has gone out for so many seconds; how many bytes."""
    peer.sock.setblocking(False)
    sent = 0
    while select.select([], [peer.sock], [], patience)[1]:
        sent += peer.sock.send(data[sent % len(data) :])
        assert sent < 64 << 20, "it is read without end"
    peer.sock.settimeout(DEADLINE)
    return sent


@case("who fills its own queue with answers is read no further, and nothing is lost", "--queue", "256k", "--max-message", "256k")
def _(server):
    peer = server.peer(receive_buffer=4096)
    peer.init("alice")
    text = frame(TEXT, json.dumps(big_text()))
    sent = stuff(peer, text * 100, 0.3)
    for _ in range(sent // len(text)):
        peer.heard("x" * 900)
    peer.send(text[sent % len(text) :])
    peer.heard("x" * 900)
    peer.quiet()


@case("pings that come faster than their answers are read: those first, and the newest, are answered")
@limits("bytes in the queue of a reader that pings")
def _(server):
    for joined in True, False:
        peer = server.peer(receive_buffer=4096)
        if joined:
            peer.init("alice")
        server.signal(signal.SIGSTOP)
        peer.send(*[frame(PING, b"%d" % number) for number in range(3000)])
        server.signal(signal.SIGCONT)
        answered = []
        while answered[-1:] != [2999]:
            opcode, payload = peer.frame()
            assert opcode == PONG, opcode
            answered.append(int(payload))
        assert answered == sorted(set(answered)) and answered[:500] == list(range(500)), answered
        assert len(answered) < 2000, "%d are answered" % len(answered)
        peer.quiet()


@case("while the server does not read, silence and half a message are nobody's fault",
      "--queue", "256k", "--max-message", "256k", "--ping-interval", "700ms", "--ping-timeout", "700ms",
      "--message-timeout", "700ms", "--progress-timeout", "1h")  # fmt: skip
def _(server):
    peer = server.peer(receive_buffer=4096)
    peer.init("bob")
    text = frame(TEXT, json.dumps(big_text()))
    sent = stuff(peer, text * 100, 2.5)
    echoes = 0
    while echoes < sent // len(text):
        echoes += peer.frame()[0] == TEXT


@case("a past larger than the queue is not too much for a slow reader",
      "--queue", "256k", "--max-message", "256k", "--history-keep", "100000", "--max-members", "100")  # fmt: skip
def _(server):
    alice = server.join("alice")
    alice.text("first")
    first = alice.heard("first")["id"]
    text = frame(TEXT, json.dumps(big_text()))
    for _ in range(100):
        alice.send(text * 60)
        for _ in range(60):
            alice.recv("message")
    slow = server.peer(receive_buffer=4096)
    server.signal(signal.SIGSTOP)
    slow.say({"type": "init", "username": "bob", "id": "b", "since": first})
    alice.send(text * 60)
    server.signal(signal.SIGCONT)
    for _ in range(61):
        alice.recv()
    slow.recv("userData")
    history = slow.past()
    live = 6060 - len(history["messages"])
    assert history["complete"] is True and live in (0, 60), len(history["messages"])
    for _ in range(live):
        slow.heard("x" * 900)


if __name__ == "__main__":
    main()
