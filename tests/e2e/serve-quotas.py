"""No user takes all channels of chat-serve, or the history of all others."""
from peer import TEXT, frame, request
from serving import Server, case, main


def said(server, path, *texts, name="alice", stays=False):
    """Texts in a channel, whose sender is gone then, and known to be."""
    peer = server.join(name, path, presence="hidden")
    for text in texts:
        peer.text(text)
        peer.heard(text)
    if not stays:
        peer.leave()
    return peer


def told(server, path, name="zoe"):
    """Returns the history that a newcomer gets in a channel."""
    peer = server.join(name, path, presence="hidden")
    peer.leave()
    return [message["content"] for message in peer.history["messages"]]


def comes(server, path, address):
    """Returns a connection to a channel from behind a proxy, or None when the server is full."""
    peer = server.peer(path, upgrade=False)
    peer.send(request(path, headers=["X-Forwarded-For: " + address]))
    status = peer.response()[0]
    assert status in (101, 503), status
    return peer if status == 101 else None


def file_of(size):
    return {"type": "file", "file": {"name": "file", "type": "t", "size": 1, "data": "A" * size}}


# ---- channels ----


@case("who says something in many channels leaves room for others, and loses its oldest", "--max-channels", "50")
def _(server):
    for number in range(200):
        said(server, "/%d" % number, str(number))
    bob = said(server, "/bob", "hi", name="bob", stays=True)
    assert told(server, "/199") == ["199"] and told(server, "/160") == ["160"]
    assert told(server, "/bob") == ["hi"] and told(server, "/100") == []
    bob.quiet()


@case("the longest idle channel is forgotten first, not the oldest one", "--max-channels", "3")
def _(server):
    for path in "/a", "/b", "/c":
        said(server, path, path)
    said(server, "/a", "again")
    said(server, "/d", "/d")
    assert told(server, "/a") == ["/a", "again"] and told(server, "/c") == ["/c"]
    assert told(server, "/b") == []


@case("who makes most channels loses them for those of others", "--max-channels", "20", "--trust-proxy", "127.0.0.1",
      "--rate-join", "0")  # fmt: skip
def _(server):
    def says(path, address):
        peer = server.join("alice", path, headers=["X-Forwarded-For: " + address], presence="hidden")
        peer.text(path)
        peer.heard(path)
        peer.leave()

    for number in range(5):
        says("/honest%d" % number, "192.0.2.1")
    for number in range(100):
        says("/many%d" % number, "192.0.2.2")
    for number in range(5):
        assert told(server, "/honest%d" % number) == ["/honest%d" % number], number
    assert told(server, "/many99") == ["/many99"] and told(server, "/many50") == []


@case("an address takes no more channels into use than it leaves", "--max-channels", "20",
      "--trust-proxy", "127.0.0.1", "--rate-join", "0")  # fmt: skip
def _(server):
    taken = {}
    for last in "1", "2", "3":
        came = [comes(server, "/%s-%d" % (last, number), "192.0.2." + last) for number in range(20)]
        taken[last] = sum(peer is not None for peer in came)
    assert taken == {"1": 11, "2": 5, "3": 3}, taken
    assert comes(server, "/1-0", "192.0.2.3"), "a channel that is in use is open to all"
    assert comes(server, "/4", "192.0.2.4"), "there is one for somebody else"
    assert not comes(server, "/5", "192.0.2.5"), "then all are in use"


@case("this machine's users leave some, too", "--max-channels", "20")
def _(server):
    def opens(path, source):
        peer = server.peer(path, upgrade=False, source=source)
        peer.send(request(path))
        return peer.response()[0] == 101

    assert [opens("/%d" % number, "127.0.0.1") for number in range(20)] == [True] * 18 + [False] * 2
    assert opens("/other", "127.0.0.2")


@case("what stdin says in many channels is forgotten like anything else", server=False)
def _():
    server = Server("--stdin", "--max-channels", "10", stdin=-1)
    for number in range(30):
        server.process.stdin.write(b'{"type":"text","text":"%d","channel":"/%d"}\n' % (number, number))
        server.process.stdin.flush()
        server.until_events(number + 1)
    assert told(server, "/29") == ["29"] and told(server, "/5") == []
    server.process.stdin.close()
    server.stop()


# ---- history ----


@case("who fills the history of one channel takes it from nobody", "--history-memory", "1M")
def _(server):
    said(server, "/idle", *"abcde")
    bob = said(server, "/used", *"fghij", name="bob", stays=True)
    alice = server.join("alice", "/full", presence="hidden")
    for number in range(40):
        alice.say(file_of(100000))
        alice.heard("file")
    assert told(server, "/idle") == list("abcde") and told(server, "/used") == list("fghij")
    assert 5 < len(told(server, "/full")) < 11
    bob.quiet()


@case("who fills many channels takes it from none that is in use", "--history-memory", "1M")
def _(server):
    bob = server.join("bob", "/used", presence="hidden")
    for number in range(4):
        bob.say(file_of(50000))
        bob.heard("file")
    said(server, "/idle", *"abcde")
    for number in range(30):
        alice = server.join("alice", "/%d" % number, presence="hidden")
        for _ in range(3):
            alice.say(file_of(100000))
            alice.heard("file")
        alice.leave()
    assert len(told(server, "/used")) == 4 and told(server, "/idle") == list("abcde")


@case("channels in use do not take all from idle ones", "--history-memory", "1M")
def _(server):
    for number in range(3):
        alice = server.join("alice", "/idle%d" % number, presence="hidden")
        alice.say(file_of(100000))
        alice.heard("file")
        alice.leave()
    peers = [server.join("alice", "/%d" % number, presence="hidden") for number in range(10)]
    for _ in range(5):
        for peer in peers:
            peer.say(file_of(60000))
            peer.heard("file")
    assert [len(told(server, "/idle%d" % number)) for number in range(3)] == [1, 1, 1]
    assert all(told(server, "/%d" % number) for number in range(10))


@case("a channel whose history is taken away altogether is none", "--history-memory", "64k", "--history-keep", "10")
def _(server):
    said(server, "/idle", "a")
    alice = server.join("alice", "/used", presence="hidden")
    alice.send(*(frame(TEXT, '{"type":"text","text":"%s"}' % ("x" * 900)) for _ in range(100)))
    for _ in range(100):
        alice.recv("message")
    alice.say(file_of(100000))
    alice.heard("file")
    alice.say(file_of(40000))
    alice.heard("file")
    assert told(server, "/used") == ["file"]


if __name__ == "__main__":
    main()
