"""chat-serve accepts each valid client message of the corpus and refuses each invalid one with the code in its file
name, whether it comes whole or byte by byte.
"""
import glob
import json
import os
import sys

from peer import TEXT, frame
from serving import case, main

BAD_JSON = {"byte_order_mark", "lone_surrogate", "nul_character", "trailing_data", "too_deep"}
MANY = "--max-errors", "1000000", "--max-init", "4096"


def corpus(pattern):
    paths = sorted(glob.glob("tests/corpus/" + pattern))
    assert len(paths) > 20, pattern
    for path in paths:
        with open(path, "rb") as file:
            yield os.path.basename(path), file.read()


def is_init(text):
    return json.loads(text)["type"] == "init"


@case("each valid text and file becomes a message with the same content", *MANY)
def _(server):
    for number, (name, text) in enumerate(corpus("valid/client-*.json")):
        if is_init(text):
            continue
        said = json.loads(text)
        alice = server.join("user%d" % number, presence="hidden")
        alice.say(text)
        message = alice.recv()
        assert message["type"] == "message", (name, message)
        content = said["text"] if said["type"] == "text" else said["file"]["name"]
        assert message["content"] == content, (name, message)
        if said["type"] == "file":
            wanted = {key: said["file"][key] for key in ("name", "type", "size", "data")}
            assert message["file"] == wanted, (name, message)
        alice.close()


@case("each valid init joins, but for names that deceive", *MANY)
def _(server):
    refused = set()
    for name, text in corpus("valid/client-init-*.json"):
        peer = server.peer("/" + name.replace(".json", "").replace("_", "-")[-60:])
        peer.say(text)
        answer = peer.recv()
        if answer["type"] == "error":
            assert answer["code"] == "bad_username", (name, answer)
            refused.add(name.split("username-")[1].split(".")[0])
            continue
        you = answer["server"]["you"]
        assert you == {key: json.loads(text)[key] for key in ("id", "username")}, (name, you)
        peer.close()
    assert {"bidirectional", "control", "invisible", "newline"} <= refused, refused
    assert all(word in "bidirectional control invisible newline space-around" for word in refused), refused


@case("each invalid message of a client gets its code, and the connection lives", *MANY)
def _(server):
    alice = server.join("alice")
    for name, text in corpus("invalid/*-client-*.json"):
        code = name.split("-")[0]
        if code == "bad_utf8":
            continue
        alice.say(text)
        error = alice.recv()
        wanted = "bad_json" if code in BAD_JSON else code
        assert (error["type"], error.get("code")) == ("error", wanted), (name, error)


@case("each text that is not UTF-8 ends with bad_utf8 and Close 1007, whole and byte by byte")
def _(server):
    for name, text in corpus("invalid/bad_utf8-*.json"):
        for pieces in [text], [text[i : i + 1] for i in range(len(text))]:
            peer = server.join("alice", presence="hidden")
            last = len(pieces) - 1
            peer.send(
                *[frame(0 if i else TEXT, piece, fin=i == last) for i, piece in enumerate(pieces)]
            )
            peer.refused("bad_utf8", fatal=True)
            assert peer.frame()[1][:2] == b"\x03\xef", name
            peer.close()


if __name__ == "__main__":
    sys.setrecursionlimit(10000)  # json reads nested arrays by recursion
    main()
