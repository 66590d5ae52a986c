"""Each option of chat-serve that bounds something, at its least and at its most: the server starts, takes a message
and ends with 0, or says at the start what is wrong with the value.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

from limits_table import options
from peer import CLOSE, DEADLINE, TEXT
from serving import CHAT_SERVE, Server, case, main

FULL = bool(os.environ.get("CHAT_TEST_FULL"))
WORDS = {"not_initialized", "too_large", "bad_message", "slow_consumer", "rate_limited", "server_full", "channel_full",
         "shutting_down", "storage_failed"}  # fmt: skip


def beside(arguments):
    """Returns the option that must be added so that --max-message is not above --queue."""
    names = {one.partition("=")[0]: one.partition("=")[2] for one in arguments}
    if "--max-message" in names and "--queue" not in names:
        return ["--queue=1G"]
    if "--queue" in names and "--max-message" not in names:
        return ["--max-message=64k"]
    return []


def refusal(*arguments):
    """Returns the error of a command line that is refused at the start, or an empty string."""
    command = [CHAT_SERVE, *arguments, *beside(arguments), "--journal", "any", "--new-token", "alice"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    if done.returncode == 0:
        return ""
    assert done.returncode == 64 and done.stderr.startswith("chat-serve: "), done
    return done.stderr


def extreme(option, sentence, tries):
    """The least or the most that an option takes."""
    for value in tries:
        said = refusal("%s=%s" % (option, value))
        found = re.search(sentence + r" is (\d+)( ms| bytes)?", said)
        if found:
            return found[1] + ("ms" if found[2] == " ms" else "")
        if not said:
            return str(value)
    raise AssertionError("%s takes none of %r: %s" % (option, tries, said))


def least(option):
    return extreme(option, "the least", [0])


def most(option):
    return extreme(option, "the most", [2**63 - 1, 36500 * 86400])


def hears(peer, content):
    """The peer's own message comes back, or it is told why not."""
    while True:
        opcode, payload = peer.frame()
        if opcode == CLOSE:
            return False
        if opcode != TEXT:
            continue
        message = json.loads(payload)
        if message["type"] == "error":
            assert message["code"] in WORDS, message
            return False
        if message["type"] == "message" and message["content"] == content:
            return True


def converse(server, name):
    """Returns true when a client hears its own text and its own file of 20 kB."""
    peer = server.peer(upgrade=False)
    try:
        peer.upgrade()
        peer.say({"type": "init", "username": name, "id": "id-" + name})
        peer.text("hi from " + name)
        peer.say({"type": "file", "file": {"name": name + ".bin", "type": "t", "size": 1, "data": "A" * 20000}})
        return hears(peer, "hi from " + name) and hears(peer, name + ".bin")
    except (AssertionError, EOFError, ConnectionError):
        if peer.refusals:
            return False  # an HTTP status
        raise


def journal_of(arguments):
    """Options of the journal want one."""
    directory = tempfile.mkdtemp(dir=os.environ["TMP"])
    wanted = any(one.startswith(("--journal", "--disk", "--unsynced")) for one in arguments)
    return directory, ["--journal", directory + "/journal"] if wanted else []


def works(*arguments):
    """It starts, and ends well; whether a conversation went as by default, the second time with a past."""
    directory, journal = journal_of(arguments)
    heard = []
    for name in "alice", "bob":
        server = Server(*arguments, *beside(arguments), *journal)
        heard += [converse(server, name), converse(server, name + "2")]
        # a disk has not answered within a millisecond, or it has
        server.stop(*([74] if "--disk-timeout=1ms" in arguments else []))
        if not journal:
            break
    shutil.rmtree(directory)
    return all(heard)


# Too little, or too short, for a conversation: what is said is refused, by a word.
STRICT = {"--max-message", "--max-init", "--burst", "--rate", "--rate-bytes", "--rate-join", "--max-errors",
          "--max-connections", "--max-channels", "--max-members", "--max-per-address", "--init-timeout", "--head-timeout",
          "--message-timeout", "--close-timeout", "--progress-timeout", "--ping-interval", "--ping-timeout",
          "--queue", "--queue-total", "--receive-total", "--disk-timeout", "--unsynced-total"}  # fmt: skip


def one_option(option, value, bound):
    @case("%s=%s starts, takes a message and ends" % (option, value), server=False)
    def _():
        heard = works("%s=%s" % (option, value))
        assert heard or (bound is least and option in STRICT), "the message is not heard"


for name in sorted(options()):
    for bound in least, most:
        one_option(name, bound(name), bound)


@case("all options at their least, and all at their most", server=False)
def _():
    for bound in least, most:
        arguments = ["%s=%s" % (name, bound(name)) for name in sorted(options())]
        heard = works(*arguments)
        assert heard or bound is least, "a message is not heard"


def is_refused(*arguments):
    """Returns the error of a command line with which the server does not start."""
    done = subprocess.run([CHAT_SERVE, *arguments], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 64, done
    return done.stderr


@case("--max-message above --queue is refused, and both are named", server=False)
def _():
    for one in ["--max-message=4097k"], ["--queue=1023k"], ["--max-message=100k", "--queue=99k"]:
        said = is_refused(*one)
        assert re.search(r"--max-message \(\d+ bytes\) is above --queue \(\d+ bytes\)", said), said
    for one in ["--max-message=4M"], ["--queue=1M"], ["--max-message=99k", "--queue=99k"]:
        assert works(*one), one


@case("what is about a journal is refused without one, and named", server=False)
def _():
    for one in "sync=batch", "journal-segment=64M", "journal-max-bytes=0", "journal-max-age=0", "disk-timeout=10s":
        said = is_refused("--" + one)
        assert "--%s is about a --journal" % one.split("=")[0] in said, said
    assert "--repair is about a --journal" in is_refused("--repair")


@case("a file of tokens without any is refused, and it is said how one is made", server=False)
def _():
    path = os.path.join(tempfile.mkdtemp(dir=os.environ["TMP"]), "tokens")
    for content in "", "\n", "# alice\n\n":
        with open(path, "w") as file:
            file.write(content)
        assert "--tokens %s: nobody is in it; --new-token NAME" % path in is_refused("--tokens", path)


def file_of(name, size):
    """A message with a file of so many bytes, as text: json.dumps would take a while."""
    return b'{"type":"file","file":{"name":"%s","type":"t","size":1,"data":"%s"}}' % (name, b"A" * size)


def page_of(*sizes):
    """The bytes of the history that a newcomer gets of files of these sizes, everything at its most."""
    names = [name for name in sorted(options()) if not name.startswith(("--journal", "--disk"))]
    server = Server(*["%s=%s" % (name, most(name)) for name in names], "--quiet")
    alice = server.join("alice")
    for number, size in enumerate(sizes):
        alice.sock.settimeout(60)
        alice.say(file_of(b"file%d" % number, size))
        opcode, payload = alice.frame()
        assert opcode == TEXT and len(payload) > size, payload[:200]
    bob = server.peer()
    bob.sock.settimeout(60)
    bob.say({"type": "init", "username": "bob", "id": "bob"})
    bob.recv("userData")
    opcode, payload = bob.frame()
    assert opcode == TEXT, (opcode, payload[:200])
    text = alice.frame()  # bob comes
    assert b"userStatus" in text[1], text[1][:200]
    server.stop()
    return len(payload)


@case("files of 20 MB, everything at its most", server=False)
def _():
    assert page_of(20_000_000, 20_000_000) > 40_000_000


if FULL:

    @case("a page of the past as long as --history-bytes can be", server=False)
    def _():
        each = (2**30 - 600) // 12 * 4  # base64
        page = page_of(each, each, each)
        assert abs(page - 2**30) < 1000, page


if __name__ == "__main__":
    main()
