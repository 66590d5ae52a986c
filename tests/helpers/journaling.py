"""A server on a journal directory, a disk that fails, and the files of a journal, for the tests of --journal."""
import glob
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from peer import DEADLINE, SLOWNESS, TEXT, frame, until
from serving import CHAT_SERVE, Server, running

SHIM = os.path.join(os.environ["PRELOAD"], "disk.so")
VALIDATE = os.path.join(os.environ["BUILD"], "chat-validate")


def new_dir():
    return os.path.realpath(tempfile.mkdtemp(dir=os.environ["TMP"]))


def start(dir, *options, **more):
    return Server("--quiet", "--journal", dir, *options, **more)


def disk(dir, fault=None, log=None, hold=None):
    """The environment of a server whose disk fails, waits, or notes what is safe on it."""
    env = {"LD_PRELOAD": SHIM, "DISK_DIR": dir}
    env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    if fault:
        env["DISK_FAULT"] = fault
    if log:
        env["DISK_LOG"] = log
    if hold:
        env["DISK_HOLD"] = hold
    return env


def messages_of(peer, count):
    """That many messages, whatever comes between."""
    got = []
    while len(got) < count:
        message = peer.recv()
        assert message["type"] in ("message", "userStatus"), message
        if message["type"] == "message":
            got.append(message)
    return got


def rest(peer):
    """The messages that were already on their way to a peer whose server is gone."""
    messages = []
    try:
        while True:
            message = peer.recv()
            if message["type"] == "message":
                messages.append(message)
    except (EOFError, ConnectionResetError):
        peer.close()
        return messages


def texts(count, prefix="", nonces=False):
    """Frames of so many texts."""
    out = []
    for number in range(count):
        text = {"type": "text", "text": "%s%d" % (prefix, number)}
        if nonces:
            text["nonce"] = "%s%d" % (prefix, number)
        out.append(frame(TEXT, json.dumps(text)))
    return b"".join(out)


def history(dir, *options, path="/", since=None):
    """Starts a server on this journal, returns the history that a newcomer gets, and stops the server."""
    server = start(dir, "--history", "1000", "--history-bytes", "1G", *options)
    init = {"since": since} if since else {}
    told = server.join("zoe", path, **init).history
    server.stop()
    return told


def monitored(dir, *options, **more):
    """A server on this journal whose numbers can be asked for."""
    path = os.path.join(new_dir(), "metrics")
    server = start(dir, "--metrics", "unix:" + path, *options, **more)
    server.monitor = path
    return server


def get(server, target):
    """Status and body of an answer of its monitor."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(server.monitor)
        client.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target.encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


def segments(dir):
    return sorted(glob.glob(dir + "/*.ndjson"))


def is_valid(dir):
    done = subprocess.run([VALIDATE, "--from", "server", *segments(dir)], capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def ids(messages):
    return [message["id"] for message in messages]


def is_ascending(messages):
    assert ids(messages) == sorted(set(ids(messages))), "ids do not ascend"


def fill(dir, count, *options, path="/"):
    server = start(dir, *options)
    alice = server.join("alice", path)
    accepted = []
    for first in range(0, count, 20):  # more than a tick, so that segments fill
        alice.send(texts(min(20, count - first), "%s%d-" % (path, first)))
        accepted += messages_of(alice, min(20, count - first))
    server.stop()
    return accepted


def refuses(dir, status, *options):
    """It does not start; what it says."""
    command = [CHAT_SERVE, "--listen", "127.0.0.1:0", "--journal", dir, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done.stderr


def size_of(dir):
    """All its files; one that goes while it is looked at had its place."""
    total = 0
    with os.scandir(dir) as entries:
        for entry in entries:
            try:
                total += entry.stat().st_size
            except FileNotFoundError:
                pass
    return total


def is_ailing(server, word):
    status, body = get(server, "/healthz")
    return status == 503 and word in body


def end_within(server, seconds):
    """Its exit status; it has not much more time than that."""
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    status = server.wait()
    took = time.monotonic() - begun
    assert took < seconds + 0.7 * SLOWNESS, "it took %.3f s" % took
    running.remove(server)
    return status


def is_replaced(dir):
    os.rename(dir, dir + ".away")
    os.mkdir(dir)
    return "there is another directory by now"


def held(dir):
    """Returns a path and an environment: syncs of this server wait while there is a file of that path."""
    path = tempfile.mktemp(dir=os.environ["TMP"])
    return path, disk(dir, hold="fdatasync:" + path)


def say(server, path, count, word):
    """So many texts in a channel; the messages they became."""
    said = []
    peer = server.join("say", path)
    for first in range(0, count, 20):  # more than a tick, so that segments fill
        some = min(20, count - first)
        peer.send(texts(some, "%s%d-" % (word, first)))
        said += messages_of(peer, some)
    peer.close()
    return said


def past(server, path, since="0"):
    peer = server.peer(path)
    peer.say({"type": "init", "username": "zoe", "id": "zoe", "since": since, "presence": "hidden"})
    peer.recv("userData")
    told = peer.past()
    peer.close()
    return told


def newest(server, path, said, most, since=None):
    """Checks that within a second a client gets the newest `most` messages of a channel, or those of them that come after
    message `since`. Returns if these are all that came after it, and `complete` of the history."""
    kept = said[-most:]
    behind = said if since is None else said[since + 1 :]
    wanted = kept[-len(behind) :] if behind else []
    told = {}

    def is_given():
        told.update(past(server, path, "0" if since is None else said[since]["id"]))
        assert told["messages"][-len(wanted) :] == wanted or not wanted, "some of the newest are missing"
        assert len(told["messages"]) <= len(behind), "more than was said"
        return told["messages"] == wanted

    until(is_given, "%d of %d messages are given, and no more" % (len(wanted), len(said)))
    return len(wanted) == len(behind), told["complete"]
