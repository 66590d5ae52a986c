"""Cases and peers for the tests of limits."""

from peer import TEXT, frame, request
import serving

HI = frame(TEXT, b'{"type":"text","text":"hi"}')


def case(name, *options, **more):
    """A case with a server that has -v: it logs each error that a peer is told."""
    return serving.case(name, "-v", *options, **more)


def big_text(size=900):
    return {"type": "text", "text": "x" * size}


def fill(server, sender, size, piece=100000):
    """The sender says so many bytes, and hears them itself."""
    data = "A" * piece
    for _ in range(size // piece):
        sender.say({"type": "file", "file": {"name": "f", "type": "t", "size": 1, "data": data}})
        sender.heard("f")


def remote(server, address, path="/", **more):
    """A peer that a trusted proxy says to be somewhere else."""
    return server.peer(path, headers=["X-Forwarded-For: " + address], **more)


def remote_join(server, address, username, path="/", **init):
    peer = remote(server, address, path)
    peer.user_data, peer.history = peer.init(username, **init)
    return peer


def refused(server, status, path="/", headers=(), **more):
    peer = server.peer(path, upgrade=False, **more)
    peer.send(request(path, headers=headers))
    got, fields, _ = peer.response()
    assert got == status, "HTTP status %d expected, got %d" % (status, got)
    peer.ended()
    return fields
