"""Readers of lines that pause.

	pausing-reader.py words FILE
		Prints a port, and reads from the program that connects to it. It reads nothing until the word "drain" comes on
		stdin; then it reads all that is there and prints "dry". After the word "follow" it reads whatever comes.
	pausing-reader.py pauses SEED COUNT SHORTEST LONGEST LINES
		Copies stdin to stdout and pauses COUNT times within so many LINES, each time from SHORTEST to LONGEST seconds.
"""
import os
import random
import select
import socket
import sys


def drain(peer, out):
    """False at the end."""
    try:
        while True:
            piece = peer.recv(1 << 20)
            if not piece:
                return False
            out.write(piece)
    except BlockingIOError:
        return True


def words(path):
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    peer = server.accept()[0]
    peer.setblocking(False)
    follows = False
    with open(path, "wb", buffering=0) as out:
        while True:
            ready = select.select([sys.stdin] + [peer] * follows, [], [])[0]
            follows = follows or (sys.stdin in ready and sys.stdin.readline() == "follow\n")
            if not drain(peer, out):
                return
            if sys.stdin in ready:
                print("dry", flush=True)


def pauses(seed, count, shortest, longest, lines):
    chance = random.Random(int(seed))
    places = sorted(chance.randrange(int(lines)) for _ in range(int(count)))
    while piece := os.read(0, 65536):
        os.write(1, piece)
        lines = int(lines) - piece.count(b"\n")
        while places and lines <= places[-1]:
            places.pop()
            select.select([], [], [], chance.uniform(float(shortest), float(longest)))


{"words": words, "pauses": pauses}[sys.argv[1]](*sys.argv[2:])
