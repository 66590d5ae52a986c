"""Clients that come back cost the others nothing, and the server little memory."""
import json
import select
import socket

from catching_up import PAGE, Reader, complete, fill, init, metrics, new_dir, resident, start
from limits_table import limits
from peer import SLOWNESS, TEXT, connect, frame, request, until
from serving import case, main


def crowd(server, count, sinces, source="127.0.0.1"):
    """So many connections that say init at once and do not read."""
    socks = []
    for number in range(count):
        sock = connect(server.url, receive_buffer=4096, source=source)
        sock.sendall(request())
        socks.append(sock)
    for sock in socks:
        sock.recv(4096)
    return socks, [
        (sock, frame(TEXT, json.dumps(init(sinces[n % len(sinces)], "m%d" % n, presence="hidden"))))
        for n, sock in enumerate(socks)
    ]


def echo_ms(server, peers, count, between=lambda: None):
    """How long so many messages take to their echoes, by the server's clock."""
    took = []
    for _ in range(count):
        between()
        begun = server.clock()
        peers[0].text("ping")
        for peer in peers:
            peer.heard("ping")
        took.append((server.clock() - begun) * 1e3)
    return sorted(took)


def costs(count, most_mib, places, size):
    dir = new_dir()
    ids = fill(dir, 10000, "--journal-segment", "4M", content="x" * size)
    server = start(dir, "--history-keep", "100", "--journal-segment", "1M")
    honest = [server.join("alice"), server.join("carl")]
    honest[0].status("carl", True)
    socks, inits = crowd(server, count, ids[:places])
    echo_ms(server, honest, 20)
    before, pages = resident(server), metrics(server)
    for sock, said in inits:
        sock.sendall(said)
    took = echo_ms(server, honest, 50)
    until(lambda: metrics(server)["past_pages_total"] >= pages["past_pages_total"] + count, "a page each")
    took = sorted(took + echo_ms(server, honest, 50))
    grown, after = resident(server) - before, metrics(server)
    print("# %d: %.1f MiB, echo %.1f ms at the median, %.1f at most; %d pages, %d made" % (
        count, grown / (1 << 20), took[50], took[-1], after["past_pages_total"], after["past_pages_made_total"]))
    assert grown < (most_mib << 20) * (8 if SLOWNESS > 1 else 1), grown  # a sanitizer keeps what was freed
    assert took[len(took) * 95 // 100] < 50 * SLOWNESS, took
    assert not sum(after["drops"].values()), after["drops"]
    for sock in socks:
        sock.close()
    server.stop()


@case("200 who come at once with `since`: a few MiB, an echo within 50 ms", server=False)
def _():
    costs(200, 24, 50, 100)


@case("1,000 who come at once with `since`: nobody is dropped", server=False)
def _():
    costs(1000, 48, 50, 100)


@case("1,000 who come at once, each from another place, and do not read: a few MiB", server=False)
def _():
    costs(1000, 64, 1000, 900)


@case("a page is made once for all who stand at the same place", server=False)
@limits("pages that are read from the journal at the same time")
def _():
    dir = new_dir()
    ids = fill(dir, 20000)
    server = start(dir, "--history-keep", "10")
    for reader in [Reader(server, ids[0], "bob%d" % number) for number in range(20)]:
        assert reader.catch_up().ids() == ids[1:]
    told = metrics(server)
    assert told["past_pages_total"] >= 20 * 10, told["past_pages_total"]
    assert told["past_pages_made_total"] < 30, told["past_pages_made_total"]
    many = [Reader(server, ids[number * 97], "carl%d" % number).catch_up() for number in range(20)]
    for number, reader in enumerate(many):
        assert reader.ids() == ids[number * 97 + 1 :]
    again = metrics(server)["past_pages_made_total"] - told["past_pages_made_total"]
    assert again < 20 * 6, "%d pages made for those who began elsewhere" % again
    server.stop()


@case("a slow reader of the past holds no more than a page, and gets all of it", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 10000, content="x" * 900)
    server = start(dir, "--progress-timeout", "5s")
    slow = Reader(server, ids[0], receive_buffer=4096)
    most = 0
    while slow.page():
        most = max(most, metrics(server)["queued_bytes"])
    assert slow.ids() == ids[1:] and all(complete(slow))
    assert most < PAGE + 1000, most
    assert not sum(metrics(server)["drops"].values())
    server.stop()


@case("who reads the past fast does not keep another address waiting, and nobody live", server=False)
@limits("bytes of pages of the past that are sent in one turn of the server")
def _():
    dir = new_dir()
    ids = fill(dir, 30000)
    server = start(dir)
    honest = [server.join("alice"), server.join("carl")]
    honest[0].status("carl", True)
    greedy, inits = crowd(server, 100, ["0"])
    for sock, said in inits:
        sock.sendall(said)
    poll = select.poll()
    for sock in greedy:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        poll.register(sock, select.POLLIN)
    by_fd, read = {sock.fileno(): sock for sock in greedy}, 0

    def pump():
        nonlocal read
        for fd, _ in poll.poll(0)[:20]:
            read += len(by_fd[fd].recv(1 << 18))

    took = echo_ms(server, honest, 100, pump)
    other = Reader(server, ids[0], source="127.0.7.1" if "127.0.0.1" in server.url else None)
    while other.page():
        pump()
    assert read > 30 * PAGE, read
    assert [message["id"] for message in other.messages()][: len(ids) - 1] == ids[1:]
    assert took[len(took) * 95 // 100] < 50 * SLOWNESS, took
    for sock in greedy:
        sock.close()
    server.stop()


@case("who leaves while its page is read leaves nothing behind", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 5000, "--journal-segment", "32k")
    server = start(dir, "--history-keep", "10", "--grace", "0")
    for number in range(200):
        peer = server.peer()
        peer.say(init(ids[number], presence="hidden"))
        if number % 2:
            peer.recv("userData")
        peer.reset()
    until(lambda: metrics(server)["connections"] == 0, "all have gone")
    assert metrics(server)["past_readers"] == 0
    assert Reader(server, ids[0]).catch_up().ids() == ids[1:]
    assert metrics(server)["past_readers"] == 0
    server.stop()


@case("a past that nobody asks for any more leaves the memory", server=False)
def _():
    dir = new_dir()
    ids = fill(dir, 20000)
    server = start(dir, "--history-keep", "10")
    Reader(server, ids[0]).catch_up()
    assert metrics(server)["past_bytes"] > 1000000
    until(lambda: metrics(server)["past_bytes"] == 0, "the pages go")
    server.stop()


main()


if __name__ == "__main__":
    main()
