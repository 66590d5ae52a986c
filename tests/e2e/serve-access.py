"""chat-serve lets in the right users, by tokens, and gives each the right id."""
import json
import os
import signal
import subprocess
import threading
import time

from access import BUILD, TMP, client, denied, id_of, new_token, tokens_file
from limits_table import limits
from peer import TEXT, frame, until
from serving import CHAT_SERVE, Server, case, main


@case("a token lets its user in, and nothing else does", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob:id-bob")
    server = Server("--tokens", path, "--max-failures", "1000")
    server.join("alice", token=alice)
    server.join("alice", path="/ops", token=alice)
    server.join("bob", token=bob)
    inits = (
        {"username": "alice"},
        {"username": "alice", "token": ""},
        {"username": "alice", "token": alice[:-1]},
        {"username": "alice", "token": alice + "0"},
        {"username": "alice", "token": bob},
        {"username": "bob", "token": alice},
        {"username": "carol", "token": alice},
        {"username": "alice", "token": "x" * 3000},
        {"username": "alice", "token": 7},
        {"username": "alice", "token": alice + "\u0001"},
    )
    denied(*((server.peer(), init) for init in inits))


@case("the answer to a wrong token takes its time, and the others wait for nothing", server=False)
def _():
    path, (token,) = tokens_file("alice")
    server = Server("--tokens", path)
    alice, mallory = server.join("alice", token=token), server.peer()
    start = time.monotonic()
    mallory.say({"type": "init", "username": "mallory", "id": "m"})
    mallory.say({"type": "init", "username": "alice", "id": "m", "token": token})  # too late
    alice.text("meanwhile")
    alice.heard("meanwhile")
    mallory.refused("unauthorized", fatal=True)
    assert time.monotonic() - start >= 0.9, "at once"
    mallory.closes(1008)
    assert [event["username"] for event in server.events() if event["type"] == "userStatus"] == ["alice"]


FAR = "203.0.113.66"


def guesses(server, count, address=FAR):
    """So many peers that come from this address, through the proxy at 127.0.0.2, with a wrong token each."""
    peers = []
    for _ in range(count):
        peers.append(server.peer(source="127.0.0.2", headers=["X-Forwarded-For: " + address]))
        peers[-1].say({"type": "init", "username": "alice", "id": "m", "token": "guess"})
    return peers


def barred(*options):
    """A server, with alice's token, that has barred FAR."""
    path, (token,) = tokens_file("alice")
    server = Server("--tokens", path, "--trust-proxy", "127.0.0.2", "--max-failures", "3", *options)
    for guesser in guesses(server, 3):
        guesser.refused("unauthorized", fatal=True)
        guesser.closes(1008)
    return server, token


@case("after too many wrong tokens an address is heard in turn: guessing is slow, and the right one gets in", server=False)
@limits("--max-failures")
def _():
    server, token = barred("-v", "--grace", "0")
    inside = server.join("alice", token=token)
    start = time.monotonic()
    guessers = guesses(server, 20)
    victim = server.peer("/there", source="127.0.0.2", headers=["X-Forwarded-For: " + FAR])
    victim.say({"type": "init", "username": "alice", "id": "v", "token": token})
    victim.text("in the same breath")
    server.peer("/there", source="127.0.0.2", headers=["X-Forwarded-For: 203.0.113.67"]).init("alice", token=token)
    server.peer("/there", source="127.0.0.9").init("alice", token=token)
    assert time.monotonic() - start < 2, "others wait for those of that address"
    inside.text("undisturbed")
    inside.heard("undisturbed")
    victim.recv("userData"), victim.recv("history"), victim.heard("in the same breath")
    assert 20 / 10 - 1 < time.monotonic() - start, "20 guesses were looked at at once"
    for guesser in guessers:
        guesser.refused("unauthorized", fatal=True)
        guesser.closes(1008)


@case("who guesses on and on does not keep out who has the right token", server=False)
def _():
    server, token = barred()
    stop = threading.Event()

    def guess():
        while not stop.is_set():
            try:
                guesses(server, 1)[0].frame()
            except (EOFError, OSError, AssertionError):
                pass

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2):
            peer = server.peer("/there%d" % number, source="127.0.0.2", headers=["X-Forwarded-For: " + FAR])
            peer.init("alice", token=token)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@case("wrong tokens never bar this machine, nor a unix socket", server=False)
def _():
    path, (token,) = tokens_file("alice")
    for listen, wheres in ("127.0.0.1:0", [{"source": "127.0.0.66"}, {}]), ("unix:%s/never-barred" % TMP, [{}]):
        server = Server("--tokens", path, "--max-failures", "2", listen=listen)
        for where in wheres:
            peers = [server.peer(**where) for _ in range(20)]
            for peer in peers:
                peer.say({"type": "init", "username": "alice", "id": "m", "token": "guess"})
            for peer in peers:
                peer.refused("unauthorized", fatal=True)
            start = time.monotonic()
            right = [server.peer("/there", **where) for _ in range(10)]
            for peer in right:
                peer.init("alice", token=token)
            assert time.monotonic() - start < 1, "they wait for each other"


@case("who waits its turn may leave, say too much, or see the server end", server=False)
def _():
    server, token = barred("-v", "--close-timeout", "1s")
    waiting = guesses(server, 12)
    for peer in waiting[:4]:
        peer.reset()
    chatty = server.peer(source="127.0.0.2", headers=["X-Forwarded-For: " + FAR])
    init = frame(TEXT, json.dumps({"type": "init", "username": "alice", "id": "v", "token": token}))
    chatty.send(init + frame(TEXT, json.dumps({"type": "text", "text": "x" * 900})) * 50)
    chatty.refused("rate_limited", fatal=True)
    chatty.closes(1008)
    again = server.peer(source="127.0.0.2", headers=["X-Forwarded-For: " + FAR])
    again.say({"type": "init", "username": "alice\u200b", "id": "v", "token": token})
    again.refused("unauthorized", fatal=True)
    start = time.monotonic()
    more = guesses(server, 12)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0 and time.monotonic() - start < 9, "the end waits for turns"
    assert more


@case("SIGHUP: who is no longer listed is thrown out; a bad file changes nothing", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path, "--grace", "0")
    ann, ben = server.join("alice", token=alice), server.join("bob", token=bob)
    ann.status("bob", True)
    with open(path) as file:
        kept, gone = file.read().splitlines()
    with open(path, "w") as file:
        file.write(kept + "\nnonsense\n")
    server.signal(signal.SIGHUP)
    until(lambda: "tokens: line 2: not username:sha256[:id] (the old tokens stay)" in server.errors(), "it is said")
    ben.text("still here")
    ann.heard("still here"), ben.heard("still here")
    with open(path, "w") as file:
        file.write(kept + "\n")
    server.signal(signal.SIGHUP)
    ben.refused("unauthorized", fatal=True)
    ben.closes(1008)
    ann.status("bob", False)
    ann.text("alone")
    ann.heard("alone")
    denied((server.peer(), {"username": "bob", "token": bob}))


@case("clients show a token from the environment or a file, and end with 77 without", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path)
    secret = os.path.join(TMP, "secret")
    with open(secret, "w") as file:
        file.write(alice + "\n")
    assert json.loads(client("chat-send", server, "-u", "alice", "hi", CHAT_TOKEN=alice))["content"] == "hi"
    client("chat-send", server, "-u", "alice", "--token-file", secret, "hi")
    client("chat-send", server, "-u", "alice", "hi", CHAT_TOKEN_FILE=secret)
    client("chat-listen", server, "-u", "alice", "--no-follow", CHAT_TOKEN=alice)
    client("chat-send", server, "-u", "alice", "hi", status=77)
    client("chat-listen", server, "-u", "bob", "--token-file", secret, status=77)


@case("no token is in a log, an event, a journal, or a command line", server=False)
def _():
    path, (token,) = tokens_file("alice")
    journal = os.path.join(TMP, "journal")
    server = Server("--tokens", path, "--journal", journal, "-v")
    alice = server.join("alice", token=token)
    alice.text("hi")
    alice.heard("hi")
    denied((server.peer(), {"username": "alice", "token": token + "-wrong"}))
    alice.say({"type": "init", "username": "alice", "id": "id-alice", "token": token})
    alice.refused("already_initialized")
    said = [server.out_path, server.err_path, "/proc/%d/cmdline" % server.pid, "/proc/%d/environ" % server.pid, path]
    for place in said + [os.path.join(journal, name) for name in os.listdir(journal)]:
        try:
            with open(place, "rb") as file:
                assert token.encode() not in file.read(), place
        except PermissionError:
            pass  # what only the kernel's own can read
    sender = subprocess.Popen([os.path.join(BUILD, "chat-send"), "-v", "-U", server.url, "-u", "alice", "--id", "id-alice", "-l"],
                              env={**os.environ, "CHAT_TOKEN": token}, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sender.stdin.write(b"one\n")
    sender.stdin.flush()
    receipt = sender.stdout.readline()
    with open("/proc/%d/cmdline" % sender.pid, "rb") as file:
        assert token.encode() not in file.read()
    rest, errors = sender.communicate()
    assert sender.returncode == 0 and token.encode() not in receipt + rest + errors, errors


@case("--new-token: a line of JSON, another token each time; a name that none may have is refused", server=False)
def _():
    one, two = new_token("alice"), new_token("alice:a-1")
    assert list(one) == ["username", "id", "token", "line"] and one["token"] != two["token"]
    assert one["id"] == id_of("alice") and one["line"].endswith(":" + one["id"])
    assert two["id"] == "a-1" and two["line"].startswith("alice:") and two["line"].endswith(":a-1")
    for name in "al", "alice:", "x" * 21, " alice":
        done = subprocess.run([CHAT_SERVE, "--new-token", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 64 and not done.stdout and b"Try 'chat-serve --help'" in done.stderr, name
    with open("/dev/full", "w") as full:
        assert subprocess.call([CHAT_SERVE, "--new-token", "alice"], stdout=full, stderr=subprocess.DEVNULL) == 74


if __name__ == "__main__":
    main()
