"""chat-serve is stopped for longer than its limits of time. It first reads what came meanwhile, and only then judges
who was too late.
"""
import os
import select
import signal

from peer import CONTINUATION, PING, PONG, TEXT, frame, request, until
from serving import case, main

STOPPED = 60 if os.environ.get("CHAT_TEST_FULL") else 1.6  # seconds: longer than the limits below


def while_stopped(server, *acts):
    """These are done while the server stands still, some of them early, for longer than its limits."""
    server.signal(signal.SIGSTOP)
    until(lambda: " T " in open("/proc/%d/stat" % server.pid).read(), "it is stopped")
    for act in acts:
        act()
    select.select([], [], [], STOPPED)
    server.signal(signal.SIGCONT)


@case("init that comes while the server is stopped is in time", "--init-timeout", "1s", "--grace", "0s")
def _(server):
    alice, bobby = server.peer(), server.peer()
    while_stopped(server, lambda: alice.say({"type": "init", "username": "alice", "id": "a"}))
    alice.recv("userData")
    alice.recv("history")
    bobby.init("bobby")


@case("a request head likewise", "--head-timeout", "1s")
def _(server):
    early, late = server.peer(upgrade=False), server.peer(upgrade=False)
    head = request()
    early.send(head[:20])
    while_stopped(server, lambda: early.send(head[20:]))
    assert early.response()[0] == 101
    late.send(head)
    assert late.response()[0] == 101


@case("the rest of a message likewise", "--message-timeout", "1s")
def _(server):
    alice = server.join("alice")
    alice.send(frame(TEXT, b'{"type":"text","te', fin=False))
    alice.quiet()
    while_stopped(server, lambda: alice.send(frame(CONTINUATION, b'xt":"whole"}')))
    alice.heard("whole")


@case("a pong likewise", "--ping-interval", "300ms", "--ping-timeout", "1s")
def _(server):
    alice = server.join("alice")
    assert alice.frame()[0] == PING
    while_stopped(server)
    alice.send(frame(PONG))
    alice.text("still here")
    alice.heard("still here")


@case("after it all limits hold as before", "--init-timeout", "300ms")
def _(server):
    while_stopped(server)
    peer = server.peer()
    peer.refused("not_initialized", fatal=True)
    peer.closes(1008)


main()
