#!/usr/bin/env python3
"""with-socket.py FILE COMMAND ARGUMENT...: runs a command, for example a proxy, with a listening socket of 127.0.0.1 at
a free port as descriptor 3. Writes the port to FILE.
"""
import os
import socket
import sys

path, command = sys.argv[1], sys.argv[2:]
sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen(128)
os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
port = str(sock.getsockname()[1])
with open(path + ".new", "w") as file:
    file.write(port + "\n")
os.rename(path + ".new", path)
os.environ["PORT"] = port
os.execvp(command[0], command)
