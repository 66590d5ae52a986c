"""chat-serve lets in pages and proxies of the right hosts, and is not open by mistake."""
import subprocess

from access import TMP, status_of, tokens_file
from limits_table import limits
from peer import request
from serving import CHAT_SERVE, Server, case, main, needs_ipv6

# ---- open by mistake ----


@case("who is reachable from elsewhere has tokens, asks for certificates, or says --open", server=False)
def _():
    path, _ = tokens_file("alice")
    for address in "0.0.0.0:0", "[::]:0", ":0":
        done = subprocess.run([CHAT_SERVE, "--listen", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 64 and b"--tokens" in done.stderr and b"--open" in done.stderr, done.stderr
        Server("--tokens", path, listen=address).stop()
        Server("--open", listen=address).stop()
    for address in "127.0.0.1:0", "127.1.2.3:0", "unix:%s/open.socket" % TMP:
        Server(listen=address).stop()


@case("only this machine reaches the loopback address of IPv6", server=False)
def _():
    needs_ipv6()
    Server(listen="[::1]:0").stop()


# ---- hosts ----


@case("a name that is not this machine's is not served on it", "--host", "chat.example")
def _(server):
    for host, status in (
        ("localhost", 101), ("localhost:3001", 101), ("127.0.0.1:9", 101), ("[::1]:3001", 101), ("a.localhost", 101),
        ("chat.example", 101), ("CHAT.example:443", 101), ("rebound.example:3001", 403), ("192.168.1.1", 403),
        ("localhost.example", 403), ("127.0.0.1.example", 403),
    ):  # fmt: skip
        assert status_of(server, host=host) == status, host
    rebound = ["Origin: http://rebound.example:3001"]
    assert status_of(server, host="rebound.example:3001", headers=rebound) == 403
    assert status_of(server, host="localhost:3001", headers=rebound) == 403
    assert status_of(server, host="localhost:3001", headers=["Origin: http://localhost:8080"]) == 101


@case("a unix socket has no host to be taken for", listen="unix:%s/host.socket" % TMP)
def _(server):
    assert status_of(server, host="whatever.example") == 101


@case("a page whose name was made to lead here may not connect, one of the server's own may",
      "--host", "chat.example", "--origin", "https://friend.example", "--trust-proxy", "127.0.0.2", "--open",
      listen="0.0.0.0:0")  # fmt: skip
def _(server):
    port = server.url.rsplit(":", 1)[1].strip("/")
    for origin, host, status in (
        ("http://rebound.example:" + port, "rebound.example:" + port, 403),
        ("https://rebound.example", "rebound.example", 403),
        ("http://chat.example:" + port, "chat.example:" + port, 101),
        ("https://chat.example", "CHAT.example", 101),
        ("https://chat.example:8000", "chat.example", 403),
        ("http://192.0.2.1:" + port, "192.0.2.1:" + port, 101),
        ("http://192.0.2.1:8000", "192.0.2.1:" + port, 403),
        ("http://[2001:db8::1]", "[2001:db8::1]", 101),
        ("https://friend.example", "rebound.example", 101),
    ):
        headers = ["Origin: " + origin, "X-Forwarded-For: 203.0.113.1"]
        assert status_of(server, source="127.0.0.2", host=host, headers=headers) == status, (origin, host)


# ---- proxies ----


def behind(server, *forwarded_for, source="127.0.0.2"):
    """The status for who comes through a proxy that says this; the connection stays."""
    peer = server.peer(upgrade=False, source=source)
    peer.send(request(host="chat.example", headers=["X-Forwarded-For: " + value for value in forwarded_for]))
    return peer.response()[0]


@case("a proxy that is trusted tells who is behind it, and has no limit of its own",
      "--trust-proxy", "127.0.0.2", "--max-per-address", "2")  # fmt: skip
@limits("--max-per-address", also={"403"})
def _(server):
    assert [behind(server, "203.0.113.1") for _ in range(3)] == [101, 101, 503]
    assert behind(server, "203.0.113.2") == 101
    assert behind(server, "203.0.113.1, 203.0.113.2") == 101
    assert behind(server, "203.0.113.2, 203.0.113.1") == 503, "only the last one is the proxy's word"
    assert behind(server, "203.0.113.9", source="127.0.0.3") == 403, "from another the host is looked at"


@case("who is behind a proxy is the same person in every form that proxies write",
      "--trust-proxy", "127.0.0.2", "--max-per-address", "5")  # fmt: skip
def _(server):
    for forms in (
        ("203.0.113.1", "203.0.113.1:4711", '"203.0.113.1:4712"', " ::ffff:203.0.113.1 "),
        ("2001:db8::1", "[2001:db8::1]", "[2001:db8::2]:4711", '"[2001:db8::3]:4712"'),
    ):
        assert [behind(server, form) for form in forms] == [101] * 4
        assert behind(server, "unknown", forms[0], "127.0.0.2") == 101, "several headers are one list"
        assert [behind(server, form) for form in forms] == [503] * 4


@case("who cannot be made out behind a proxy is limited as the proxy",
      "--trust-proxy", "127.0.0.2", "--max-per-address", "10")  # fmt: skip
def _(server):
    for forms in ((), ("",), ("unknown",), ("_hidden",), ("nonsense",), ("203.0.113.7,",), ("127.0.0.2",),
                  ("203.0.113.7:port",), ("203.0.113.7", "unknown"), ("203.0.113.7", "")):  # fmt: skip
        assert behind(server, *forms) == 101, forms
    assert behind(server, "something else") == 503
    assert behind(server, "203.0.113.7") == 101
    assert [behind(server, "127.0.0.1") for _ in range(11)] == [101] * 10 + [503], "this machine behind a proxy, too"
    assert status_of(server, source="127.0.0.1") == 101


@case("a proxy may come through a unix socket, and its clients are limited as any other",
      "-v", "--trust-proxy", "unix", "--max-per-address", "2", listen="unix:%s/proxy.socket" % TMP)  # fmt: skip
def _(server):
    for client in (("203.0.113.1",), ("2001:db8::1",), ()):
        assert [behind(server, *client) for _ in range(3)] == [101, 101, 503], client
    assert "unix: 503: there are too many connections from this address" in server.errors(), server.errors()


if __name__ == "__main__":
    main()
