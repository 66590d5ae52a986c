"""Tokens, token files and clients for the tests of access."""
import hashlib
import json
import os
import subprocess

from peer import request
from serving import CHAT_SERVE

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
    """Returns the id of a name that has no other."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def denied(*peers_and_inits):
    """Checks that each of these (peer, init) is refused, all of them within the second that one takes."""
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


def status_of(server, **changed):
    headers = changed.pop("headers", ())
    peer = server.peer(upgrade=False, **({"source": changed.pop("source")} if "source" in changed else {}))
    peer.send(request(headers=headers, **changed))
    return peer.response()[0]
