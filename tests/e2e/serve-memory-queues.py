"""The memory that chat-serve takes for queues and for what it receives is the memory that it counts, whatever peers do. See
counted_memory.py.
"""
import json
import select
import signal
import socket
import threading

from counted_memory import FULL, MIB, Member, Truth, bystander, deaf, file_of, init, long_id, memory_of
from limits_table import limits
from peer import PING, TEXT, connect, frame, request, until
from serving import case, main

# ---- queues ----


@case("files of 1 MB to hundreds of honest readers, who are slow, drop nobody", server=False)
def _():
    count, total = (400, 256) if FULL else (100, 32)
    with Truth("--queue-total", "%dM" % total, bound=2 * total * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/crowd")
        names = ["reader%d" % number for number in range(count)]
        crowd = truth.crowd(names, "/crowd", receive_buffer=4096, presence="hidden")
        until(lambda: truth.value("connections") == count + 2, "all are there")
        for _ in range(5):  # of which the kernel takes up to four for each
            alice.send(file_of(900000))
            alice.recv("message")
        is_well()
        assert truth.value("queued_bytes") > total * MIB, "they are not far enough behind"
        for member in crowd.members.values():
            member.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)
        crowd.reading.set()
        crowd.all(lambda member: member.kinds.get("message") == 5, "everybody has the files")
        is_well()
        assert truth.dropped() == 0
        assert not any(member.errors for member in crowd.members.values())


@case("990 members with long ids are told of each other and drop nobody", server=False)
def _():
    with Truth(bound=256 * MIB) as truth:
        is_well = bystander(truth.server)
        crowd = truth.crowd([], "/crowd")
        crowd.reading.set()
        for number in range(990 if FULL else 400):
            sock = connect(truth.server.url)
            sock.sendall(request("/crowd") + frame(TEXT, json.dumps({"type": "init", "username": "user%d" % number, "id": long_id(number)})))
            crowd.add(Member(sock))
        crowd.joined()
        is_well()
        assert truth.dropped() == 0, truth.dropped()


@case("990 members with long ids who read nothing disturb nobody", server=False)
def _():
    with Truth("--queue-total", "8M", bound=8 * MIB) as truth:
        is_well = bystander(truth.server)
        socks = []
        crowd = truth.crowd(["honest%d" % number for number in range(10)], "/crowd")
        crowd.reading.set()
        for number in range(990 if FULL else 400):
            sock = connect(truth.server.url, 4096)
            sock.sendall(request("/crowd") + frame(TEXT, json.dumps({"type": "init", "username": "user%d" % number, "id": long_id(number)})))
            socks.append(sock)
            if number % 100 == 0:
                is_well()
        crowd.joined()
        is_well()
        assert not any(member.errors for member in crowd.members.values())
        for sock in socks:
            sock.close()


@case("over --queue-total the largest go, one at a time: nobody who has less, nobody who shares", server=False)
def _():
    with Truth("--queue-total", "32M", "--queue", "16M", "--history-keep", "0", bound=32 * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/slow")
        slow = truth.crowd(["slow%d" % number for number in range(8)], "/slow", presence="hidden")
        until(lambda: truth.value("connections") == 10, "they are there")
        for _ in range(10):
            alice.send(file_of(200000))
            alice.recv("message")
        hogs = []
        for number in range(16):
            hog = truth.server.peer("/hog%d" % number, receive_buffer=4096)
            hog.init("hog")
            for _ in range(7):
                hog.send(file_of(900000))
            hogs.append(hog)
            is_well()
        until(lambda: truth.dropped() > 0, "some are dropped")
        assert truth.dropped() < 16, "all are dropped"
        assert truth.value('memory_bytes{kind="queues"}') > 20 * MIB, "too many are dropped"
        slow.reading.set()
        slow.all(lambda member: member.kinds.get("message") == 10, "who is slow has it all")
        is_well()


@case("many small ones of one address go before a large one of another", server=False)
def _():
    options = "--rate", "0", "--rate-bytes", "0", "--trust-proxy", "127.0.0.0/8", "--queue-total", "32M", "--queue", "16M", "--history-keep", "0"
    with Truth(*options, bound=32 * MIB) as truth:

        def hog(path, size, count, address):
            peer = truth.server.peer(path, receive_buffer=4096, headers=["X-Forwarded-For: " + address])
            peer.init("hog")
            for _ in range(count):
                peer.send(file_of(size))
            return peer

        hog("/large", 900000, 9, "198.51.100.8")
        until(lambda: memory_of(truth.path)[0]["queues"] > 3 * MIB, "it is large")
        for number in range(45):
            hog("/small%d" % number, 900000, 4, "198.51.100.7")
        until(lambda: truth.dropped() > 0, "some are dropped")
        assert truth.dropped() < 45, truth.dropped()
        peer = truth.server.peers[0]
        for _ in range(9):
            peer.heard("f")


@case("pings whose answers nobody reads, before init and after: the newest is answered", server=False)
def _():
    with Truth(bound=256 * MIB) as truth:
        is_well = bystander(truth.server)
        pings = b"".join(frame(PING, b"%d" % number) for number in range(10000))
        socks = [deaf(truth.server, "/deaf") for _ in range(40)]
        for sock in socks[20:]:
            sock.sendall(init("deaf%d" % sock.fileno(), presence="hidden"))
        for _ in range(30 if FULL else 5):
            for sock in socks:
                sock.sendall(pings)
            is_well()
        queues = memory_of(truth.path)[0]["queues"]
        assert queues < 40 * 16384, queues
        for sock in socks:
            sock.close()


# ---- what is received ----


def half(size=1000000, rest=300000):
    """A message of which the end is missing."""
    return file_of(size)[:-rest]


@case("messages that are left half sent are bounded, and a whole one beside them arrives", server=False)
@limits("--receive-total")
def _():
    with Truth("--receive-total", "32M", "--history-keep", "0", bound=32 * MIB) as truth:
        is_well = bystander(truth.server)
        alice = truth.server.join("alice", "/honest")
        first = truth.server.join("first", "/half")
        first.send(half())
        lots = [truth.server.peer("/half") for _ in range(1500 if FULL else 200)]
        piece = half()
        for number, peer in enumerate(lots):
            peer.say({"type": "init", "username": "half%d" % number, "id": "%d" % number, "presence": "hidden"})
            try:
                peer.send(piece)
            except OSError:  # it has been turned away already
                pass
            if number % 20 == 0:
                alice.send(file_of(1000000))
                alice.heard("f")
                is_well()
        first.refused("server_full", fatal=True)
        first.closes(1008, answer=False)
        assert truth.value('drops_total{reason="server_full"}') > len(lots) / 2
        assert truth.value('memory_bytes{kind="receive"}') > 20 * MIB, "too many are dropped"


@case("who ends with a message half sent makes nobody give way", server=False)
def _():
    with Truth("--receive-total", "32M", "--history-keep", "0", bound=32 * MIB) as truth:
        ending = [truth.server.peer("/half") for _ in range(25)]
        for number, peer in enumerate(ending):
            peer.init("half%d" % number, presence="hidden")
            peer.send(half())
        until(lambda: memory_of(truth.path)[0]["receive"] > 16 * MIB, "much is half sent")
        coming = [truth.server.join("whole%d" % number, "/whole%d" % number) for number in range(20)]
        file = file_of(1000000)
        truth.server.signal(signal.SIGSTOP)
        for peer in ending:
            peer.reset()
        for peer in coming:
            peer.send(file[:60000])
        threads = [threading.Thread(target=peer.send, args=[file[60000:]]) for peer in coming]
        for thread in threads:
            thread.start()
        truth.server.signal(signal.SIGCONT)
        for peer in coming:
            peer.heard("f")
        truth.server.peers = coming
        assert truth.value('drops_total{reason="server_full"}') == 0


@case("heads of requests that are left half sent are bounded", server=False)
def _():
    with Truth("--receive-total", "1M", "--max-message", "64k", "--head-timeout", "60s", bound=MIB) as truth:
        is_well = bystander(truth.server)
        head = request(headers=["X-Long: " + "x" * 7000])[:-2]
        peers = [truth.server.peer(upgrade=False) for _ in range(400)]
        for peer in peers:
            peer.send(head)
        is_well()
        # Who they are is open: those whose heads came in one turn of the server are alike.
        answered = select.poll()
        for peer in peers:
            answered.register(peer.sock, select.POLLIN)
        until(lambda: len(answered.poll(0)) > 250, "most are turned away")
        ready = {descriptor for descriptor, _ in answered.poll(0)}
        for peer in peers:
            if peer.sock.fileno() in ready:
                assert peer.response()[0] == 503
        assert len(ready) < 390, "all are turned away"
        assert truth.server.peer(upgrade=False) and truth.server.join("late")


if __name__ == "__main__":
    main()
