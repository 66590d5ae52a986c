"""Many clients send small frames as fast as they can; the echo of an honest member still comes within 50 ms. Run with
arguments this file is those clients.
"""
import select
import subprocess
import sys

from peer import PING, PONG, SLOWNESS, TEXT, Peer, frame
from serving import case, main

FRAMES = {"pings": frame(PING, b""), "pongs": frame(PONG, b""), "texts": frame(TEXT, '{"type":"text","text":"x"}')}
PROXY = {"source": "127.0.0.9", "headers": ["X-Forwarded-For: 203.0.113.1"]}  # through which all of them come
TRUST = "--trust-proxy", "127.0.0.9"
CLIENTS = 64
SECONDS = 1 * SLOWNESS
NEARLY_ALL_MS = 50 * SLOWNESS**2  # 99 of 100 echoes come within; sanitizers make all slower, the flood and the server


def flood(url, kind):
    """Sends these frames on many connections, as fast as they are taken, until stdin ends."""
    one = FRAMES[kind]
    block = one * (65536 // len(one))
    peers = [Peer(url, "/flood", **PROXY) for _ in range(CLIENTS)]
    for number, peer in enumerate(peers):
        peer.init("flood%d" % number, "flood%d" % number, presence="hidden")
        peer.sock.setblocking(False)
    print("ready", flush=True)
    socks = {peer.sock: 0 for peer in peers}
    while not select.select([sys.stdin], [], [], 0)[0]:
        readable, writable, _ = select.select(socks, socks, [], 0.1)
        for sock in readable:
            assert sock.recv(1 << 16), "the end"
        for sock in writable:
            try:
                socks[sock] = (socks[sock] + sock.send(block[socks[sock] :])) % len(block)
            except BlockingIOError:
                pass


def calm(server, kind):
    """The best of three rounds, by the server's clock: what else this machine does is not its own."""
    alice = server.join("alice")
    flooder = subprocess.Popen([sys.executable, "-B", sys.argv[0], server.url, kind], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert flooder.stdout.readline() == b"ready\n"
        for _ in range(3):
            took = alice.echoes_ms(SECONDS, server.clock)
            nearly_all = took[99 * len(took) // 100]
            print("# %s: %d echoes, p99 %.1f ms" % (kind, len(took), nearly_all))
            if nearly_all < NEARLY_ALL_MS:
                break
        assert nearly_all < NEARLY_ALL_MS, "beside %s 99 of 100 echoes take %.1f ms" % (kind, nearly_all)
        assert flooder.poll() is None, "the flood has ended"
    finally:
        flooder.stdin.close()
        flooder.wait(10 * SLOWNESS)


@case("64 clients that send pings as fast as they can: an echo takes 50 ms", *TRUST)
def _(server):
    calm(server, "pings")


@case("64 clients that send pongs likewise", *TRUST)
def _(server):
    calm(server, "pongs")


@case("64 clients of one address that say more than they may, likewise", *TRUST)
def _(server):
    calm(server, "texts")


if __name__ == "__main__":
    flood(*sys.argv[1:]) if len(sys.argv) == 3 else main()
