"""Each message of a client leads to the answers that chat-protocol(7) describes, for the right members."""
import json
import time

from limits_table import limits
from serving import case, main

def contents(history):
    return [message["content"] for message in history["messages"]]


# ---- the specification's examples, joining ----


@case("the examples of the specification travel through")
def _(server):
    other = server.join("bob", "/")
    peer = server.peer()
    peer.say('{\n  "type": "init",\n  "username": "alice123",\n  "id": "client-98765"\n}')
    peer.recv("userData"), peer.recv("history")
    status = other.recv("userStatus")
    assert (status["userId"], status["username"]) == ("client-98765", "alice123"), status
    assert status["online"] is True and status["channel"] == "/", status
    peer.say('{\n  "type": "text",\n  "text": "Hello everyone!"\n}')
    for one in peer, other:
        message = one.heard("Hello everyone!")
        assert message["sender"] == "alice123" and message["senderId"] == "client-98765", message
        assert message["channel"] == "/" and "file" not in message, message
    file = {
        "name": "document.pdf",
        "type": "application/pdf",
        "size": 24576,
        "data": "base64encodedstring",
    }
    peer.say(json.dumps({"type": "file", "file": file}, indent=2))
    for one in peer, other:
        assert one.heard("document.pdf")["file"] == file


@case("a newcomer gets userData, then an empty history, and nothing else")
def _(server):
    before = int(time.time() * 1000) - 1000
    peer = server.join()
    users = peer.user_data["users"]
    assert [(u["id"], u["username"], u["online"]) for u in users] == [("id-alice", "alice", True)]
    assert before <= users[0]["lastActive"] <= before + 60000, users
    about = peer.user_data["server"]
    assert about["name"] == "chat-serve" and about["maxMessage"] == 1 << 20, about
    assert about["history"] == 50, about
    assert about["you"] == {"id": "id-alice", "username": "alice"}, about
    assert {"nonce", "replyTo", "since", "presence"} <= set(about["features"]), about
    assert {"via", "hops"} <= set(about["features"]), about
    assert about["version"] and "truncated" not in peer.user_data, peer.user_data
    assert peer.history == {"type": "history", "messages": []}, peer.history
    peer.quiet()


@case("userData lists who is there, in the order of their coming")
def _(server):
    peers = [server.join(name) for name in ("carl", "alice", "bob")]
    assert [u["username"] for u in peers[2].user_data["users"]] == ["carl", "alice", "bob"]
    assert len({u["id"] for u in peers[2].user_data["users"]}) == 3


@case("a name in any script goes round: 3 and 20 code points, escaped or not")
def _(server):
    for number, name in enumerate(("éàü", "😀" * 20, "a\u0301b" + "c" * 17, 'q"\\/x', "a b")):
        peer = server.peer()
        peer.say(json.dumps({"type": "init", "username": name, "id": "n%d" % number}))
        assert peer.recv("userData")["server"]["you"]["username"] == name
        peer.recv("history")
        peer.text("hi")
        assert peer.heard("hi")["sender"] == name
        peer.leave()
        other = server.peer(path="/u%d" % number)
        other.say(json.dumps({"type": "init", "username": name, "id": "n"}, ensure_ascii=False))
        assert other.recv("userData")["users"][0]["username"] == name


@case("userStatus tells the others, not oneself, and ends after the grace", "--grace", "200ms")
@limits("--grace")
def _(server):
    alice = server.join("alice")
    bob = server.join("bob")
    alice.status("bob", True)
    bob.leave()
    alice.status("bob", False)
    alice.quiet()


@case("without a grace a leave is told at once, be it a Close, an end of TCP or a reset", "--grace", "0")
def _(server):
    alice = server.join("alice")
    for end in "leave", "close", "reset":
        bob = server.join("bob")
        alice.status("bob", True)
        getattr(bob, end)()
        alice.status("bob", False)


@case("who comes back within the grace never left", "--grace", "1h")
def _(server):
    alice = server.join("alice")
    bob = server.join("bob")
    alice.status("bob", True)
    bob.leave()
    again = server.join("bob")
    assert [u["username"] for u in again.user_data["users"]] == ["alice", "bob"]
    again.text("back")
    alice.heard("back")


@case("within the grace the name and the id of who left are free for others", "--grace", "1h")
def _(server):
    alice = server.join("alice")
    bob = server.join("bob", id="one")
    alice.status("bob", True)
    bob.leave()
    two = server.join("bob", id="two")
    alice.status("bob", False), alice.status("bob", True)
    two.leave()
    server.join("robert", id="two")
    alice.status("bob", False), alice.status("robert", True)


@case("one id with several connections is one user", "--grace", "0")
def _(server):
    alice = server.join("alice")
    first = server.join("bob")
    alice.status("bob", True)
    second = server.join("bob")
    assert [u["username"] for u in second.user_data["users"]] == ["alice", "bob"]
    first.text("from the first")
    for one in alice, first, second:
        assert one.heard("from the first")["senderId"] == "id-bob"
    first.leave()
    second.text("from the second")
    alice.heard("from the second"), second.heard("from the second")
    second.leave()
    alice.status("bob", False)
    alice.quiet()


@case("hidden presence: speaks and hears, is not listed and not announced", "--grace", "0")
def _(server):
    alice = server.join("alice")
    hidden = server.join("ghost", presence="hidden")
    assert [u["username"] for u in hidden.user_data["users"]] == ["alice"]
    hidden.text("boo")
    assert alice.heard("boo")["sender"] == "ghost"
    hidden.heard("boo")
    assert [u["username"] for u in server.join("carl").user_data["users"]] == ["alice", "carl"]
    alice.status("carl", True), hidden.status("carl", True)
    hidden.leave()
    alice.quiet()


@case("a hidden connection of a user who is seen changes nothing", "--grace", "0")
def _(server):
    alice = server.join("alice")
    seen = server.join("bob")
    alice.status("bob", True)
    hidden = server.join("bob", presence="hidden")
    hidden.leave()
    alice.quiet()
    hidden = server.join("bob", presence="hidden")
    seen.leave()
    alice.status("bob", False)
    again = server.join("bob")
    alice.status("bob", True)
    again.leave(), hidden.leave()
    alice.status("bob", False)


@case("an unknown word for presence, and other additions of a wrong shape, count as absent")
def _(server):
    alice = server.join("alice")
    server.join("bob", presence="visible", since=7, token={})
    alice.status("bob", True)
    alice.text("hi", nonce="", replyTo=5)
    message = alice.heard("hi")
    assert "nonce" not in message and "replyTo" not in message, message


# ---- talking ----


@case("everyone hears everything in one order, the sender included")
def _(server):
    peers = [server.join(name) for name in ("alice", "bob", "carl")]
    for i, peer in enumerate(peers):
        for other in peers[i + 1 :]:
            peer.recv("userStatus")
    for round in range(10):
        for peer in peers:
            peer.text("round %d" % round)
    heard = [[peer.recv("message") for _ in range(30)] for peer in peers]
    assert heard[0] == heard[1] == heard[2]
    ids = [message["id"] for message in heard[0]]
    assert ids == sorted(ids) and len(set(ids)) == 30, ids
    times = [message["timestamp"] for message in heard[0]]
    assert times == sorted(times), times
    assert abs(times[-1] - time.time() * 1000) < 60000, times
    assert len({message["channel"] for message in heard[0]}) == 1


@case("channels are apart: users, order, history; a query is ignored")
def _(server):
    root = server.join("alice", "/")
    ops = server.join("alice", "/ops")
    deep = server.join("bob", "/ops/night.shift_~-1")
    query = server.join("bob", "/ops?token=x&y=/../z")
    ops.status("bob", True)
    ops.text("in ops")
    assert ops.heard("in ops")["channel"] == query.heard("in ops")["channel"] == "/ops"
    root.quiet(), deep.quiet()
    assert contents(server.join("carl", "/ops").history) == ["in ops"]
    assert contents(server.join("carl", "/").history) == []


@case("the wire, the history and stdout carry the same bytes; content is not touched")
def _(server):
    alice = server.join("alice")
    raw = [
        rb'"\u0041\u00e9\ud83d\ude00 \/ \b\f\n\r\t \u001b[31m"',
        '"é 😀 \u200b \x7f \u2028 \u202e"'.encode(),
        rb'"\\u0000 \" \\"',
    ]
    lines = []
    for text in raw:
        alice.say(b'{"text" : ' + text + b' , "type":"text"}')
        message = alice.recv("message")
        assert message["content"] == json.loads(text), message
        assert b'"content":' + text + b"," in alice.raw, alice.raw
        lines.append(alice.raw)
    bob = server.peer()
    bob.init("bob")
    assert bob.raw == b'{"type":"history","messages":[' + b",".join(lines) + b"]}", bob.raw
    server.until_events(5)
    with open(server.out_path, "rb") as file:
        printed = file.read().split(b"\n")
    assert printed[2:5] == lines, printed
    assert [json.loads(line)["type"] for line in printed[1:-1]] == (
        ["userStatus"] + ["message"] * 3 + ["userStatus"]
    )


@case("unknown properties are dropped, of the message and of the file")
def _(server):
    alice = server.join("alice", colour="red")
    alice.say({"type": "text", "text": "hi", "colour": "red", "id": "mine", "sender": "eve"})
    message = alice.heard("hi")
    assert set(message) == {
        "type", "id", "sender", "content", "timestamp", "channel", "senderId",
    }, message  # fmt: skip
    assert message["sender"] == "alice" and message["id"] != "mine", message
    file = {"name": "a", "type": "b", "size": 1, "data": "YQ=="}
    alice.say({"type": "file", "file": {**file, "path": "/etc"}, "more": [1, {"a": 2}]})
    assert alice.heard("a")["file"] == file


@case("a file's properties come back as they were written")
def _(server):
    alice = server.join("alice")
    alice.say(
        rb'{"type":"file","file":{"data":"YWJj\/+A","size":1.50e1,"type":"","name":"..\/\u0000x"}}'
        .replace(b"\\u0000", b"\\u0001")
    )
    message = alice.heard("../\x01x")
    assert message["file"] == {"name": "../\x01x", "type": "", "size": 15, "data": "YWJj/+A"}
    assert rb'"size":1.50e1,"data":"YWJj\/+A"}}' in alice.raw, alice.raw


@case("replyTo is copied")
def _(server):
    alice = server.join("alice")
    alice.text("question")
    question = alice.heard("question")["id"]
    alice.text("answer", replyTo=question)
    assert alice.heard("answer")["replyTo"] == question
    alice.say({"type": "file", "replyTo": "é", "nonce": "n",
               "file": {"name": "f", "type": "t", "size": 1, "data": ""}})  # fmt: skip
    message = alice.heard("f")
    assert message["replyTo"] == "é" and message["nonce"] == "n", message


# ---- where a message comes from ----


@case("via and hops are copied, to a person and to the journal's readers, as they mean")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    alice.say(b'{"type":"text","text":"carried","via":[ "0a1b/ops" ,\n\t"c\\u002f"],"hops":2e0}')
    message = bob.heard("carried")
    assert message["via"] == ["0a1b/ops", "c/"] and message["hops"] == 2, message
    late = server.join("carl")
    assert late.history["messages"][-1] == message, late.history
    origin = late.user_data["server"]["origin"]
    assert origin == message["id"].rpartition("-")[0] + message["channel"], origin


@case("via and hops of another shape are not there, whatever they are, and nothing is refused")
def _(server):
    alice, bob = server.join("alice"), server.join("bob")
    wrong = [{"via": ["a"] * 9}, {"via": ["a" * 97]}, {"via": ["a b"]}, {"via": [1]}, {"via": "a"},
             {"via": {"a": 1}}, {"via": [["a"]]}, {"via": ["é"]}, {"hops": -1}, {"hops": 1001},
             {"hops": 1.5}, {"hops": "1"}, {"hops": 10 ** 400}]
    for number, properties in enumerate(wrong):
        alice.text("odd %d" % number, **properties)
        message = bob.heard("odd %d" % number)
        assert "via" not in message and "hops" not in message, (properties, message)
    alice.text("most", via=["a" * 96] * 8, hops=1000)
    message = bob.heard("most")
    assert message["via"] == ["a" * 96] * 8 and message["hops"] == 1000, message
    alice.text("none", via=[], hops=0)
    message = bob.heard("none")
    assert message["via"] == [] and "hops" not in message, message


@case("via and hops are no part of what a nonce stands for")
def _(server):
    alice = server.join("alice")
    alice.text("once", nonce="n-1", hops=1)
    first = alice.heard("once")
    alice.text("once", nonce="n-1", hops=2, via=["a/"])
    assert alice.heard("once") == first


# ---- errors ----


@case("nothing goes before init, and the connection survives it")
def _(server):
    alice = server.peer()
    alice.text("hi", nonce="n")
    alice.refused("not_initialized")
    alice.say({"type": "file", "file": {"name": "a", "type": "b", "size": 1, "data": ""}})
    alice.refused("not_initialized")
    alice.init()
    alice.text("hi")
    alice.heard("hi")


@case("a second init")
def _(server):
    alice = server.join("alice")
    alice.say({"type": "init", "username": "alice", "id": "id-alice"})
    alice.refused("already_initialized")
    alice.text("hi")
    assert alice.heard("hi")["sender"] == "alice"


@case("username_taken and id_taken leave the connection open for another init")
def _(server):
    alice = server.join("alice", id="one")
    peer = server.peer()
    peer.say({"type": "init", "username": "alice", "id": "two"})
    peer.refused("username_taken")
    peer.say({"type": "init", "username": "alicia", "id": "one"})
    peer.refused("id_taken")
    peer.say({"type": "text", "text": "hi"})
    peer.refused("not_initialized")
    peer.init("alicia", "two")
    alice.status("alicia", True)
    server.join("alice", "/elsewhere", id="two")


@case("usernames that would deceive are refused by the server alone")
def _(server):
    for name in (" abc", "abc ", "\u3000abc", "a\nb", "a\x1bb", "a\x7fb", "a\x9bb", "a\u2028b", "a\u2029b", "a\u202eb",
                 "a\u2066b", "abc\u00a0", "al\u200bice", "al\u200dice", "alice\ufe0f", "al\u00adice", "\u2800\u2800\u2800",
                 "\u3164\u3164\u3164", "bob\U000e0061", "\u115f\u1160\uffa0"):  # fmt: skip
        peer = server.peer()
        peer.say({"type": "init", "username": name, "id": "x"})
        peer.refused("bad_username")
        peer.init("fine", presence="hidden")


@case("what is wrong with a message is said by code, field and nonce")
def _(server):
    alice = server.join("alice")
    for message, code, more in (
        (b"", "bad_json", {}),
        (b'{"type":"text"', "bad_json", {}),
        (b"\xef\xbb\xbf{}", "bad_json", {}),
        (b'{"type":"text","text":"\\ud800"}', "bad_json", {}),
        (b'{"type":"text","text":"\\u0000"}', "bad_json", {}),
        (b'{"type":"text","text":"a"}{}', "bad_json", {}),
        (b"[" * 100000, "bad_json", {}),
        (b'{"type":"text","text":"a","text":"b"}', "duplicate_key", {}),
        (b"[]", "bad_message", {}),
        (b"{}", "bad_message", {"field": "/type"}),
        (b'{"type":"message"}', "unknown_type", {"field": "/type"}),
        (b'{"type":"text","nonce":"n"}', "bad_message", {"field": "/text", "nonce": "n"}),
        (b'{"type":"text","text":5,"nonce":"n"}', "bad_message", {"field": "/text", "nonce": "n"}),
        (b'{"nonce":"\\u00e9","type":"text","text":""}', "text_empty", {"nonce": "é"}),
        (b'{"type":"text","text":"' + b"x" * 1001 + b'","nonce":"n"}', "text_too_long", {"nonce": "n"}),
        (b'{"type":"file","file":{"name":"a","type":"b","size":1.5,"data":""}}', "bad_message",
         {"field": "/file/size"}),
        (b'{"type":"file","nonce":"n","file":{"name":"a","type":"b","size":1,"data":"***"}}',
         "bad_base64", {"field": "/file/data", "nonce": "n"}),
        (b'{"type":"init","username":"ab","id":"x"}', "bad_message", {"field": "/username"}),
    ):  # fmt: skip
        alice.say(message)
        error = alice.refused(code, **more)
        assert error["message"] and "fatal" not in error, error
        assert "nonce" in more or "nonce" not in error, error
    alice.text("still here")
    alice.heard("still here")


@case("a crowd is listed in part and does not announce", "--crowd", "3", "--grace", "0")
@limits("--crowd")
def _(server):
    peers = [server.join("user%d" % i) for i in range(3)]
    peers[0].status("user1", True), peers[0].status("user2", True)
    fourth = server.join("user3")
    data = fourth.user_data
    assert [u["username"] for u in data["users"]] == ["user0", "user1", "user2"], data
    assert data["truncated"] is True and data["total"] == 4, data
    assert data["server"]["you"]["username"] == "user3", data
    told = peers[0].recv("userData")
    assert told == {"type": "userData", "users": [], "truncated": True, "total": 4, "channel": "/"}, told
    server.join("user4")
    for peer in peers[0], fourth:  # once
        peer.quiet()
    fourth.text("hi")
    peers[0].heard("hi")
    assert server.events()[-2]["truncated"], server.events()


@case("a crowd of hidden members is told of, before somebody leaves unannounced", "--crowd", "3", "--grace", "0")
def _(server):
    stays, leaves = server.join("stays"), server.join("leaves")
    stays.status("leaves", True)
    for i in range(3):
        server.join("hidden%d" % i, presence="hidden")
    leaves.close()
    told = stays.recv("userData")
    assert told == {"type": "userData", "users": [], "truncated": True, "total": 1, "channel": "/"}, told


if __name__ == "__main__":
    main()
