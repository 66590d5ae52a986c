"""A TCP relay that stops to pass on what a server says, and that can be cut."""
import socket
import threading


class Relay:
    """Relays the connections to a port of its own to another one, of 127.0.0.1."""

    def __init__(self, to, hold_after=None):
        """hold_after: of what comes from there, so many bytes are passed on until go_on()."""
        self.to, self.left = to, hold_after
        self.open = threading.Event()
        if hold_after is None:
            self.open.set()
        self.holds = threading.Event()  # something is held back now
        self.lock, self.socks = threading.Lock(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def hold(self):
        self.left = 0
        self.open.clear()

    def go_on(self):
        self.open.set()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                return
            with self.lock:
                self.socks += [client, server]
            for source, target, passes in (client, server, None), (server, client, self.wait):
                threading.Thread(target=self.pump, args=(source, target, passes), daemon=True).start()

    def wait(self, piece):
        """Waits until the piece may be passed on."""
        with self.lock:
            may = self.open.is_set() or self.left >= len(piece)
            self.left = (self.left or 0) - len(piece)
        if not may:
            self.holds.set()
            self.open.wait()

    def pump(self, source, target, passes):
        try:
            while True:
                piece = source.recv(16384)
                if not piece:
                    break
                if passes:
                    passes(piece)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """Ends all connections, and accepts no more."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for sock in self.socks:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sock.close()
        self.open.set()
