#!/usr/bin/python3
"""slow-relay.py --to PORT: prints its own port, and relays one connection after another to PORT, slowly.

The receive buffer towards the client is small and PIECE bytes are read every PAUSE seconds, so the kernel of the client
keeps what it sends unacknowledged, as on a slow network.
"""
import argparse
import select
import socket

BUFFER, PIECE, PAUSE = 16384, 16384, 0.04


def relay(client, server):
    sides = {client: server, server: client}
    while True:
        ready = select.select(list(sides), [], [])[0]
        for one in ready:
            piece = one.recv(PIECE)
            if not piece:
                return
            sides[one].sendall(piece)
            if one is client:
                select.select([], [], [], PAUSE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=int, required=True)
    to = parser.parse_args().to
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)  # for the connections that it accepts
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    while True:
        with listener.accept()[0] as client, socket.create_connection(("127.0.0.1", to)) as server:
            try:
                relay(client, server)
            except ConnectionError:
                pass


main()
