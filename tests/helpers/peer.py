"""A WebSocket client over a plain socket that sends whatever a test wants, right or wrong."""
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import time

SLOWNESS = float(os.environ.get("CHAT_TEST_SLOWNESS", "1"))
DEADLINE = 10 * SLOWNESS  # seconds; no wait is longer

told = set()  # by any server to any peer: codes of errors, statuses of HTTP, "Close N"

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

# The properties that the specification requires of each message of a server.
MESSAGE = {"type": str, "id": str, "sender": str, "content": str, "timestamp": int}
USER = {"id": str, "username": str, "online": bool}
SPECIFIED = {
    "message": MESSAGE,
    "error": {"type": str, "code": str, "message": str},
    "userData": {"type": str, "users": [USER]},
    "userStatus": {"type": str, "userId": str, "username": str, "online": bool},
    "history": {"type": str, "messages": [MESSAGE]},
}


def conforms(value, shape):
    if isinstance(shape, list):
        return type(value) is list and all(conforms(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return type(value) is dict and all(
            name in value and conforms(value[name], kind) for name, kind in shape.items()
        )
    return type(value) is shape


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0, form=None):
    """The bytes of a frame; form: how many bytes its length takes (0, 2, 8), right or wrong."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload)
    if form is None:
        form = 0 if size < 126 else 2 if size < 65536 else 8
    head = bytes([fin << 7 | reserved << 4 | opcode])
    first = {0: size, 2: 126, 8: 127}[form]
    head += bytes([masked << 7 | first]) + (size.to_bytes(form, "big") if form else b"")
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + masked_with(key, payload)


def masked_with(key, payload):
    size = len(payload)
    wide = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ wide).to_bytes(size, "big")


def whole_frames(got):
    """Takes the whole frames of a server off the front of a bytearray: (opcode, payload) each."""
    at = 0
    while len(got) - at >= 2:
        size, start = got[at + 1], at + 2
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(got[at + 2 : start], "big")
        if len(got) < start + size:
            break
        assert got[at] & 0xF0 == 0x80 and got[at + 1] < 128, bytes(got[at : at + 20])
        yield got[at] & 0xF, bytes(got[start : start + size])
        at = start + size
    del got[:at]


def request(path="/", host="localhost", headers=(), **changed):
    """A request head; changed: a header's new value by its name with _ for -, None leaves it out."""
    fields = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    }
    line = changed.pop("line", "GET %s HTTP/1.1" % path)
    for name, value in changed.items():
        fields[name.replace("_", "-")] = value
    lines = [line] + ["%s: %s" % item for item in fields.items() if item[1] is not None]
    return ("\r\n".join(lines + list(headers)) + "\r\n\r\n").encode("latin-1")


def accept_of(key):
    """Sec-WebSocket-Accept."""
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


def connect(url, receive_buffer=None, source=None):
    """A connected socket for ws://host:port/, wss://host:port/ or unix:/path."""
    scheme = url.split(":")[0]
    if scheme == "unix":
        sock, address = socket.socket(socket.AF_UNIX), url[5:]
    else:
        host, port = url.split("://")[1].rstrip("/").rsplit(":", 1)
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        sock, address = socket.socket(family), (host.strip("[]"), int(port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(DEADLINE)
    if source and scheme != "unix":
        sock.bind((source, 0))
    sock.connect(address)
    return secure(sock) if scheme == "wss" else sock


def secure(sock):
    """TLS on a connected socket, with a server of the authority in CHAT_TEST_CA."""
    context = ssl.create_default_context(cafile=os.environ["CHAT_TEST_CA"])
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


class Peer:
    masked = False  # what comes from the other side

    def __init__(self, url, path="/", upgrade=True, headers=(), receive_buffer=None, source=None):
        self.sock = connect(url, receive_buffer, source)
        self.got = bytearray()
        self.raw = b""  # the text that recv() read last
        self.torn = False  # TCP, or TLS, ended without a goodbye
        self.refusals = []  # codes of the errors it read, statuses of HTTP
        if upgrade:
            self.upgrade(path, headers)

    # ---- bytes ----

    def send(self, *pieces):
        self.sock.sendall(b"".join(pieces))

    def drip(self, data):
        """One byte a segment."""
        for byte in data:
            self.sock.sendall(bytes([byte]))

    def more(self):
        """Reads some bytes; False at the end of the stream."""
        try:
            piece = self.sock.recv(1 << 20)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            self.torn = True
            piece = b""
        except ssl.SSLError as error:
            if error.reason != "UNEXPECTED_EOF_WHILE_READING":
                raise
            self.torn = True
            piece = b""
        self.got += piece
        return bool(piece)

    def take(self, size):
        while len(self.got) < size:
            if not self.more():
                raise EOFError("the connection ended after %r" % bytes(self.got[:200]))
        taken = bytes(self.got[:size])
        del self.got[:size]
        return taken

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends TCP without a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def ended(self):
        """The stream ends here, with nothing more in it."""
        while self.more():
            pass
        assert not self.got, "then came %r" % bytes(self.got[:200])
        self.sock.close()

    # ---- HTTP ----

    def upgrade(self, path="/", headers=()):
        head = request(path, headers=headers)
        key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        self.send(head)
        status, fields, _ = self.response()
        assert status == 101, "HTTP status %d" % status
        assert fields["sec-websocket-accept"] == accept_of(key.decode()), fields
        assert "sec-websocket-extensions" not in fields, fields

    def response(self):
        """Status, headers and body of an answer."""
        while b"\r\n\r\n" not in self.got:
            if not self.more():
                raise EOFError("no answer but %r" % bytes(self.got))
        head = self.take(self.got.index(b"\r\n\r\n") + 4).decode("latin-1")
        lines = head.split("\r\n")
        fields = {}
        for line in lines[1:-2]:
            name, value = line.split(":", 1)
            fields[name.strip().lower()] = value.strip()
        body = self.take(int(fields.get("content-length", 0)))
        status = int(lines[0].split(" ")[1])
        if status >= 400:
            self.refusals.append(str(status))
            told.add(str(status))
        return status, fields, body

    # ---- frames ----

    def frame(self):
        """The next frame as (opcode, payload); it is whole, and masked if a client's."""
        first, second = self.take(2)
        assert first & 0xF0 == 0x80, "a frame that begins with %#x" % first
        assert second >> 7 == self.masked, "a frame is masked, or it is not"
        size = second & 127
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
            assert size >= (126 if second & 127 == 126 else 65536), "a length that is too long"
        key = self.take(4) if self.masked else None
        payload = self.take(size)
        return first & 0xF, masked_with(key, payload) if self.masked else payload

    def say(self, message):
        """A text frame of a message: JSON text, or what becomes it."""
        if not isinstance(message, (str, bytes)):
            message = json.dumps(message)
        self.send(frame(TEXT, message))

    def text(self, text, **more):
        self.say({"type": "text", "text": text, **more})

    def recv(self, kind=None):
        """The next message, which conforms to the specification."""
        opcode, payload = self.frame()
        assert opcode == TEXT, "opcode %d with %r" % (opcode, payload[:200])
        self.raw = payload
        message = json.loads(payload)
        if message["type"] == "error":
            self.refusals.append(message["code"])
            told.add(message["code"])
        assert conforms(message, SPECIFIED[message["type"]]), "against the specification: %r" % message
        assert kind in (None, message["type"]), "%s expected, got %r" % (kind, message)
        return message

    def heard(self, content):
        """The next message is this one."""
        message = self.recv("message")
        assert message["content"] == content, "%r expected, got %r" % (content, message["content"])
        return message

    def echoes_ms(self, seconds, clock):
        """How long the echoes of so many seconds took by that clock, in ascending order."""
        took, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            began = clock()
            self.text("hi")
            self.heard("hi")
            took.append(1000 * (clock() - began))
        return sorted(took)

    def refused(self, code, **more):
        """The next message is this error, with these properties."""
        error = self.recv("error")
        for name, value in {"code": code, **more}.items():
            assert error.get(name) == value, "%s %r expected, got %r" % (name, value, error)
        return error

    def status(self, username, online):
        """The next message says that a user came or went."""
        status = self.recv("userStatus")
        assert (status["username"], status["online"]) == (username, online), status
        return status

    def init(self, username="alice", id=None, **more):
        """Joins; returns userData and history, all pages of it as one."""
        self.say({"type": "init", "username": username, "id": id or "id-" + username, **more})
        return self.recv("userData"), self.past()

    def past(self):
        """A history: all pages of it as one, complete if they all are; self.pages of them."""
        whole, self.pages = self.recv("history"), 1
        while whole.pop("more", False):
            page = self.recv()
            if page["type"] == "userData":  # it has changed meanwhile
                page = self.recv()
            assert page["type"] == "history", page
            whole["messages"] += page["messages"]
            whole["complete"] &= page["complete"]
            whole["more"] = page.get("more", False)
            self.pages += 1
        return whole

    def quiet(self):
        """Nothing was sent to it until now: a ping is answered at once."""
        self.send(frame(PING, b"quiet"))
        got = self.frame()
        assert got == (PONG, b"quiet"), "%r came" % (got,)

    def closes(self, code, answer=True):
        """Next comes a Close with this code, then (answered or not) the end of the stream."""
        opcode, payload = self.frame()
        assert opcode == CLOSE, "a Close expected, got %d %r" % (opcode, payload[:200])
        got = int.from_bytes(payload[:2], "big") if payload else 1005
        told.add("Close %d" % got)
        assert got == code, "Close %d expected, got %d %r" % (code, got, payload[2:])
        payload[2:].decode()
        if answer:
            try:
                self.send(frame(CLOSE, payload[:2]))
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.ended()

    def leave(self):
        """The closing handshake, begun here."""
        self.send(frame(CLOSE, struct.pack("!H", 1000)))
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                break
        assert payload == struct.pack("!H", 1000), payload
        self.ended()
        assert not self.torn, "the stream is torn off behind the Close"


def until(condition, what, seconds=DEADLINE):
    """Waits for what no descriptor tells."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "never came true: " + what
        time.sleep(0.005)
