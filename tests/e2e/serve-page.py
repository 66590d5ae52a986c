"""Who asks for a channel without a WebSocket: a browser gets the page, another program a text.

The page itself is tested in a browser (tests/interop/browser-page.sh).
"""
import base64
import gzip
import hashlib
import re
import signal

from peer import request, until
from serving import case, main

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def get(path="/", accept=BROWSER, headers=(), method="GET", **more):
    if accept:
        headers = ["Accept: " + accept, *headers]
    return request(path, headers=headers, line="%s %s HTTP/1.1" % (method, path), Upgrade=None, Connection=None,
                   Sec_WebSocket_Key=None, Sec_WebSocket_Version=None, **more)


def ask(server, head):
    """Status, headers and all bytes after the head; the server ends the connection."""
    peer = server.peer(upgrade=False)
    peer.send(head)
    while peer.more():
        pass
    answer = bytes(peer.got)
    top, _, body = answer.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").split("\r\n")
    fields = dict(re.split(": *", line, maxsplit=1) for line in lines[1:])
    return int(lines[0].split(" ")[1]), {name.lower(): value for name, value in fields.items()}, body


def hash_of(page, tag):
    text = re.search(b"<%s>(.*?)</%s>" % (tag, tag), page, re.S).group(1)
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text).digest()).decode()


@case("a browser gets the page, by its policy alone")
def _(server):
    status, fields, page = ask(server, get("/ops?x=1"))
    assert status == 200 and page.startswith(b"<!DOCTYPE html>") and len(page) < 40 << 10, (status, len(page))
    assert int(fields["content-length"]) == len(page), fields
    expected = {
        "content-type": "text/html; charset=utf-8",  # and no other encoding by guess
        "x-content-type-options": "nosniff",  # nothing else by guess
        "referrer-policy": "no-referrer",  # links in messages do not tell where the chat is
        "cross-origin-opener-policy": "same-origin",  # a page that was opened by a link cannot reach this one
        "cross-origin-resource-policy": "same-origin",  # no other page includes it
        "cache-control": "no-cache",  # asked for again each time, by its tag
        "vary": "Accept, Accept-Encoding",  # what the answer depends on
        "connection": "close",
    }
    assert {name: fields.get(name) for name in expected} == expected, fields
    policy = dict(part.strip().split(" ", 1) for part in fields["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": hash_of(page, b"style"),
        "script-src": hash_of(page, b"script"),
        "connect-src": "'self'",
        "img-src": "blob: data:",  # images of messages; the icon
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",  # no page has it in a frame
    }, policy
    assert page.count(b"<style>") == 1 and page.count(b"<script>") == 1, "one of each"
    assert not re.search(rb"(src|href)=\"(?!data:,)|\sstyle=|\son\w+=\"", page), "it loads nothing, and has no other script"
    server.join("alice").leave()


@case("with gzip, and not again what the browser has")
def _(server):
    _, plain_fields, plain = ask(server, get())
    status, fields, body = ask(server, get(headers=["Accept-Encoding: br, gzip;q=0.5"]))
    assert status == 200 and fields["content-encoding"] == "gzip" and gzip.decompress(body) == plain, fields
    assert ask(server, get(headers=["Accept-Encoding: gzip;q=0"]))[2] == plain
    tag = fields["etag"]
    assert re.fullmatch('"[^"]+"', tag) and tag != plain_fields["etag"], tag
    for known in (tag, "W/" + tag, '"other", ' + tag, "*"):
        status, fields, body = ask(server, get(headers=["Accept-Encoding: gzip", "If-None-Match: " + known]))
        assert (status, body) == (304, b"") and fields["etag"] == tag, (known, status, fields)
        assert not {"content-length", "content-type", "content-encoding"} & fields.keys(), "it is of no body"
    assert ask(server, get(headers=["If-None-Match: " + tag]))[0] == 200, "the tag of the other form"


@case("HEAD has the headers of GET and no body")
def _(server):
    for path, accept in (("/", BROWSER), ("/", None), ("/a//b", BROWSER)):
        status, fields, body = ask(server, get(path, accept))
        head = ask(server, get(path, accept, method="HEAD"))
        assert head == (status, fields, b"") and body, head


@case("another program is told how to connect")
def _(server):
    for accept in (None, "*/*", "application/json", "text/html;q=0", "text/html5"):
        status, fields, body = ask(server, get("/ops", accept, host="localhost:3001"))
        assert status == 426 and fields["upgrade"] == "websocket", (accept, status, fields)
        assert fields["x-content-type-options"] == "nosniff" and fields["vary"] == "Accept", fields
        assert b"chat-listen -U ws://localhost:3001/ops\n" in body and b"browser" in body, body


@case("who may not connect may not see the page")
def _(server):
    for status, head in (
        (403, get(host="evil.example")),
        (403, get(headers=["Origin: http://evil.example"])),
        (404, get("/a//b")),
        (405, get(method="POST")),
        (405, get(method="OPTIONS")),
        (400, get(headers=["Content-Length: 5"])),
        (200, get(headers=["Origin: http://localhost:8080"])),
    ):
        got, fields, _ = ask(server, head)
        assert got == status, (got, head)
        assert status != 405 or fields["allow"] == "GET, HEAD", fields


@case("a full server shows no page", "--max-connections", "1")
def _(server):
    alice = server.join("alice")
    assert ask(server, get())[0] == 503
    alice.leave()


@case("--no-web shows no page", "--no-web")
def _(server):
    status, fields, body = ask(server, get())
    assert status == 426 and b"chat-listen" in body and b"browser" not in body, (status, body)


@case("who does not read the page is dropped", "--close-timeout", "2s")
def _(server):
    def connections():
        server.signal(signal.SIGUSR1)
        said = re.findall(r'"connections":(\d+),', server.errors())
        return int(said[-2]) if said else None  # the last one is that of the memory

    peers = [server.peer(upgrade=False, receive_buffer=2048) for _ in range(20)]
    for peer in peers:
        peer.send(get())
    until(lambda: connections() == 20, "all are there")
    until(lambda: connections() == 0, "the server gives up who does not read")


if __name__ == "__main__":
    main()
