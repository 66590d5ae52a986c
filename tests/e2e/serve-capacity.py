"""A channel, the server or its descriptors are full: chat-serve refuses those who are too many, and has room again afterwards.
"""
import os
import resource
import socket
import ssl
import tempfile
import time

from limiting import case, refused
from limits_table import limits
from peer import DEADLINE, SLOWNESS, connect, request, secure, until
from serving import COUNTABLE, Server, main


@case("a full channel refuses, and takes the next when one has gone", "--max-members", "2", "--grace", "0")
@limits("--max-members")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    alice.status("bob", True)
    carl = server.peer()
    carl.say({"type": "init", "username": "carl", "id": "c"})
    carl.refused("channel_full")
    server.join("carl", "/other")
    bob.leave()
    alice.status("bob", False)
    carl.init("carl")


@case("no more users are leaving than there may be connections: the first are gone early",
      "--grace", "1h", "--max-connections", "10")  # fmt: skip
def _(server):
    alice = server.join("alice")
    for number in range(30):
        server.join("user%d" % number).leave()
    gone = []
    while len(gone) < 20:
        status = alice.recv("userStatus")
        gone += [] if status["online"] else [status["username"]]
    assert gone == ["user%d" % number for number in range(20)], gone
    again = server.join("user29")
    assert [user["username"] for user in again.user_data["users"]] == ["alice"] + ["user%d" % number for number in range(20, 30)]


@case("the users that a newcomer is told of take 256 KiB at the most: truncated, total", "--grace", "0")
@limits("bytes of the list of users in userData")
def _(server):
    members = []
    for number in range(80):
        members.append(server.peer())
        members[-1].init("user%d" % number, "%03d" % number + "i" * 3900)
    late = server.join("late")
    users = late.user_data["users"]
    assert late.user_data["truncated"] is True and late.user_data["total"] == 81, late.user_data["total"]
    assert 60 < len(users) < 81 and users[0]["username"] == "user0", len(users)
    assert late.user_data["server"]["you"]["username"] == "late"


@case("too many channels in use: 503 with Retry-After; one that nobody is in makes room",
      "--max-channels", "2", "--grace", "0")  # fmt: skip
@limits("--max-channels")
def _(server):
    alice, bob = server.join("alice", "/a"), server.join("bob", "/b")
    assert int(refused(server, 503, "/c")["retry-after"]) > 0
    server.join("carl", "/a").close()
    bob.leave()
    server.until_events(5)
    carl = server.join("carl", "/c")
    carl.text("a channel with history is idle")
    carl.recv("message")
    refused(server, 503, "/d")
    carl.leave()
    server.until_events(7)
    server.join("dora", "/d")
    refused(server, 503, "/c")


@case("a channel is forgotten after the grace of its last user as well",
      "--max-channels", "1", "--grace", "50ms")  # fmt: skip
def _(server):
    for number in range(3):
        server.join("alice", "/channel%d" % number).leave()
        server.until_events(2 * number + 2)


@case("a visitor who never joins holds a channel only as long as it is there", "--max-channels", "1")
def _(server):
    visitor = server.peer("/a")
    refused(server, 503, "/b")
    visitor.close()
    until(lambda: opens(server, "/b"), "the channel is forgotten")


def opens(server, path):
    peer = server.peer(path, upgrade=False)
    peer.send(request(path))
    status = peer.response()[0]
    peer.close()
    return status == 101


@case("too many connections: 503 with Retry-After, and room again when one has gone",
      "--max-connections", "3")  # fmt: skip
@limits("--max-connections")
def _(server):
    peers = [server.join("user%d" % number) for number in range(3)]
    assert int(refused(server, 503)["retry-after"]) > 0
    peers[0].leave()
    until(lambda: opens(server, "/"), "there is room again")


@case("far beyond the limit connections are closed without a word, and it recovers",
      "--max-connections", "2", "--head-timeout", "1h", *COUNTABLE)  # fmt: skip
def _(server):
    before = server.descriptors()
    for _ in range(100):
        knock(server)
    until(lambda: knock(server) is None, "connections are closed without a word")
    assert server.descriptors() < before + 50
    for peer in server.peers:
        peer.close()
    until(lambda: server.descriptors() <= before, "the descriptors are back")
    server.join("alice")


@case("connections of one address are limited, loopback is not", "--open", "--max-per-address", "2",
      listen="0.0.0.0:0")  # fmt: skip
def _(server):
    for number in range(5):
        server.join("user%d" % number)
    address = outward_address()
    if address is None:
        return
    scheme, port = server.url.split(":")[0], server.url.rsplit(":", 1)[1].strip("/")
    url = "%s://%s:%s/" % (scheme, address, port)
    for _ in range(2):
        server.peer(url=url, source=address)
    assert int(refused(server, 503, url=url, source=address)["retry-after"]) > 0
    until(lambda: knock(server, url=url, source=address) is None, "nor is there a word")
    for peer in server.peers:
        peer.close()
    until(lambda: accepted(server, url, address), "there is room again")


def knock(server, **more):
    """A connection that says nothing; None where the server closes it without a word."""
    try:
        peer = server.peer(upgrade=False, **more)
    except (ConnectionResetError, ssl.SSLError):
        return None
    peer.sock.settimeout(0.05)
    try:
        return peer if peer.more() else None
    except TimeoutError:
        return peer


def outward_address():
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def accepted(server, url, address):
    try:
        peer = server.peer(url=url, source=address, upgrade=False)
        peer.send(request())
        accepted = peer.response()[0] == 101
        peer.close()
        return accepted
    except (EOFError, OSError):
        return False


@case("few descriptors: fewer connections, none of them lost, no spinning", server=False)
def _():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    server = Server(*COUNTABLE, preexec_fn=limit)
    before = server.descriptors()
    alice = server.join("alice")
    many = []
    for _ in range(200):
        try:
            many.append(connect(server.url))
        except OSError:
            break
    alice.text("hi")
    alice.heard("hi")
    used = server.cpu()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        alice.text("still here")
        alice.heard("still here")
        time.sleep(0.05)
    assert server.cpu() - used < 0.3, "it spins"
    for sock in many:
        sock.close()
    until(lambda: server.descriptors() <= before + 1, "the descriptors are back")
    server.join("bob").leave()
    server.stop()


@case("no descriptor is left, not even the spare one: nobody spins, and later it goes on", server=False)
def _():
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "metrics")
    server = Server("--metrics", "unix:" + path)
    alice = server.join("alice")
    _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (3, most))
    waiting = [connect(server.url.replace("wss:", "ws:")) for _ in range(3)]  # TLS waits with them
    asking = socket.socket(socket.AF_UNIX)
    asking.settimeout(DEADLINE)
    asking.connect(path)
    asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    alice.text("hi")
    alice.heard("hi")
    used, deadline = server.cpu(), time.monotonic() + 1
    while time.monotonic() < deadline:
        alice.text("still here")
        alice.heard("still here")
        time.sleep(0.05)
    assert server.cpu() - used < 0.1 * SLOWNESS, "it spins: %.2f s of CPU in a second" % (server.cpu() - used)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, most))
    for sock in waiting:
        sock = secure(sock) if server.url.startswith("wss:") else sock
        sock.sendall(request())
        assert sock.recv(12) == b"HTTP/1.1 101"
        sock.close()
    assert b" 200 " in asking.recv(1 << 16)
    server.stop()


if __name__ == "__main__":
    main()
