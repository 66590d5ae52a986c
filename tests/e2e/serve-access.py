"""chat-serve lets in the right users, by tokens, hosts and proxies, and nobody else."""
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import time

from limits_table import limits
from peer import Peer, frame, request, until, CLOSE, TEXT
from serving import CHAT_SERVE, Server, case, main

TMP = os.environ["TMP"]
BUILD = os.environ["BUILD"]


def new_token(name):
    made = subprocess.run([CHAT_SERVE, "--new-token", name], stdout=subprocess.PIPE, check=True)
    return json.loads(made.stdout)


def tokens_file(*names, path="tokens"):
    """A file for these names, and their tokens."""
    path = os.path.join(TMP, path)
    made = [new_token(name) for name in names]
    with open(path, "w") as file:
        file.write("".join(one["line"] + "\n" for one in made))
    os.chmod(path, 0o600)
    return path, [one["token"] for one in made]


def id_of(name):
    """What stands for a name that has no other id."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def denied(*peers_and_inits):
    """Each of these (peer, init) is refused, all in the second that one takes."""
    for peer, init in peers_and_inits:
        peer.say({"type": "init", "id": "id-" + init["username"], **init})
    for peer, _ in peers_and_inits:
        peer.refused("unauthorized", fatal=True)
        peer.closes(1008)


def client(name, server, *arguments, status=0, **env):
    done = subprocess.run([os.path.join(BUILD, name), "-U", server.url, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **env}, timeout=60)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done.stdout


# ---- tokens ----


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


# ---- ids ----


def you(peer):
    return peer.user_data["server"]["you"]["id"]


@case("with tokens a user is one id, whatever is claimed: that of the token's line, or the name's own", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob:id-bob")
    with open(path, "a") as file:
        file.write("carol:%s\n" % hashlib.sha256(b"secret").hexdigest())
    server = Server("--tokens", path, "--grace", "0")
    one, two = server.join("alice", id="x", token=alice), server.join("alice", id="id-bob", token=alice)
    assert you(one) == you(two) == id_of("alice")
    assert len(two.user_data["users"]) == 1, two.user_data
    ben = server.join("bob", id="x", token=bob)
    one.status("bob", True), two.status("bob", True)
    assert you(ben) == "id-bob" and you(server.join("carol", path="/c", id=id_of("alice"), token="secret")) == id_of("carol")
    one.text("who says so", replyTo="r", nonce="n")
    for peer in one, two, ben:
        message = peer.heard("who says so")
        assert (message["senderId"], message["replyTo"]) == (id_of("alice"), "r"), message
    ben.leave()
    assert one.status("bob", False)["userId"] == "id-bob"


@case("with tokens nobody takes a user's id or next nonces", server=False)
def _():
    path, (alice, mallory) = tokens_file("alice", "mallory")
    server = Server("--tokens", path)
    sender = subprocess.Popen(
        [os.path.join(BUILD, "chat-send"), "-U", server.url, "-u", "alice", "--id", "her-id", "-l"],
        env={**os.environ, "CHAT_TOKEN": alice}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    thief = server.join("mallory", id="her-id", token=mallory)

    def send(text):
        sender.stdin.write(text.encode() + b"\n")
        sender.stdin.flush()
        return json.loads(sender.stdout.readline())

    first = send("first")
    thief.heard("first")
    prefix, number, hops = re.fullmatch(r"(.*-)(\d+)(.*)", first["nonce"]).groups()
    for ahead in range(1, 20):
        thief.text("theft", nonce="%s%d%s" % (prefix, int(number) + ahead, hops))
        thief.heard("theft")
    second = send("second")
    assert (second["content"], second["senderId"]) == ("second", id_of("alice")), second
    thief.heard("second")
    sender.stdin.close()
    assert sender.wait(60) == 0
    server.join("alice", id="her-id", token=alice, presence="hidden")


@case("clients know themselves by the id that the server gives them", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path)
    listener = subprocess.Popen(
        [os.path.join(BUILD, "chat-listen"), "-U", server.url, "-u", "alice", "--no-user", "-t", "message", "-C", "1"],
        env={**os.environ, "CHAT_TOKEN": alice}, stdout=subprocess.PIPE)  # fmt: skip
    bot = subprocess.Popen(
        [os.path.join(BUILD, "chat-listen"), "-U", server.url, "-c", "/bot", "-u", "alice", "-t", "message", "-C", "1", "--exec",
         "jq", "--unbuffered", "-c", '{type:"text",text:("heard " + .content)}'],
        env={**os.environ, "CHAT_TOKEN": alice})  # fmt: skip
    server.until_events(2)
    client("chat-send", server, "-u", "alice", "mine", CHAT_TOKEN=alice)
    client("chat-send", server, "-u", "bob", "his", CHAT_TOKEN=bob)
    client("chat-send", server, "-c", "/bot", "-u", "bob", "ping", CHAT_TOKEN=bob)
    assert json.loads(listener.communicate(timeout=60)[0])["content"] == "his"
    assert listener.returncode == 0 and bot.wait(60) == 0
    said = [event["content"] for event in server.events() if event["type"] == "message"]
    assert said == ["mine", "his", "ping", "heard ping"], said


@case("a proven name has one rate, however many connections and addresses it has", server=False)
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path, "--rate", "5", "--burst", "10")
    peers = []
    for number in range(20):
        peer = server.peer("/place%d" % (number % 3), source="127.0.0.%d" % (number + 2))
        peer.init("alice", "id%d" % number, token=alice)
        peers.append(peer)
    for peer in peers:
        peer.text("hi")
    for peer in peers:
        while peer.recv()["type"] not in ("message", "error"):
            pass
    messages = [event for event in server.events() if event["type"] == "message"]
    assert 10 <= len(messages) <= 12, len(messages)
    ben = server.join("bob", "/bob", token=bob)
    ben.text("another name")
    ben.heard("another name")


INIT = {"type": "init", "username": "alice", "id": "id", "presence": "hidden"}


def refusal(peer, token):
    """It joins as alice: None, or the time that it has to wait."""
    peer.say(INIT | {"token": token})
    answer = peer.recv()
    return answer.get("retryAfter") if answer["type"] == "error" else None


def spent(server, token):
    """A peer of alice's that has to wait, since others of hers have joined, and for how long."""
    for number in range(100):
        peer = server.peer("/one", source="127.0.0.%d" % (number + 2))
        wait = refusal(peer, token)
        if wait:
            return peer, wait
    raise AssertionError("any number may join")


@case("joins are limited, of a name; new channels, of an address", server=False)
@limits("--rate-join")
def _():
    path, (alice, bob) = tokens_file("alice", "bob")
    server = Server("--tokens", path, "--rate-join", "3", "-v")
    peer, wait = spent(server, alice)
    server.join("bob", "/one", token=bob, presence="hidden").leave()
    while wait:
        assert wait <= 1000 / 3 + 1, wait
        time.sleep(wait / 1000)
        wait = refusal(peer, alice)
    channels = [status_of(server, path="/new%d" % number, source="127.0.0.200") for number in range(40)]
    assert channels[:30] == [101] * 30 and 429 in channels[30:], channels
    assert status_of(server, path="/new1", source="127.0.0.200") == 101, "one that is there may be joined"


@case("who goes on joining without any credit is a bad peer", server=False)
def _():
    path, (alice,) = tokens_file("alice")
    server = Server("--tokens", path, "--rate-join", "1", "-v")
    peer, _ = spent(server, alice)
    peer.send(frame(TEXT, json.dumps(INIT | {"token": alice})) * 25)
    errors = [peer.recv("error") for _ in range(19)]
    assert [error.get("fatal", False) for error in errors] == [False] * 18 + [True], errors
    peer.closes(1008)


@case("who has another id in the file now comes again as that", server=False)
def _():
    path, (alice,) = tokens_file("alice")
    server = Server("--tokens", path)
    peer = server.join("alice", token=alice)
    with open(path) as file:
        line = file.read().strip().rsplit(":", 1)[0]
    with open(path, "w") as file:
        file.write(line + ":a-2\n")
    server.signal(signal.SIGHUP)
    peer.refused("unauthorized", fatal=True)
    peer.closes(1008)
    assert you(server.join("alice", token=alice)) == "a-2"


@case("a join that fails after the past was read leaves nobody trusted with long messages", server=False)
def _():
    server = Server("--journal", os.path.join(TMP, "past"), "--history-keep", "1", "--grace", "0")
    alice = server.join("alice")
    ids = []
    for number in range(5):
        alice.text("message %d" % number)
        ids.append(alice.heard("message %d" % number)["id"])
    late = server.peer()
    late.say({"type": "init", "username": "alice", "id": "other", "since": ids[0]})
    late.refused("username_taken")
    late.say({"type": "init", "username": "bobby", "id": "b" * 5000})
    late.refused("too_large", fatal=True)
    late.closes(1009)
    alice.quiet()


# ---- open by mistake ----


@case("who is reachable from elsewhere has tokens, asks for certificates, or says --open", server=False)
def _():
    path, _ = tokens_file("alice")
    for address in "0.0.0.0:0", "[::]:0", ":0":
        done = subprocess.run([CHAT_SERVE, "--listen", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 64 and b"--tokens" in done.stderr and b"--open" in done.stderr, done.stderr
        Server("--tokens", path, listen=address).stop()
        Server("--open", listen=address).stop()
    for address in "127.0.0.1:0", "127.1.2.3:0", "[::1]:0", "unix:%s/open.socket" % TMP:
        Server(listen=address).stop()


# ---- hosts ----


def status_of(server, **changed):
    headers = changed.pop("headers", ())
    peer = server.peer(upgrade=False, **({"source": changed.pop("source")} if "source" in changed else {}))
    peer.send(request(headers=headers, **changed))
    return peer.response()[0]


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


if __name__ == "__main__":
    main()
