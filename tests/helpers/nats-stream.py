#!/usr/bin/python3
"""nats-stream.py PORT: prints what the stream OPS has, a line for each message, and ends."""
import json
import os
import socket
import sys

COPY = "copy.%d" % os.getpid()  # consumers of earlier runs still have theirs
CONSUMER = {"stream_name": "OPS", "config": {"deliver_subject": COPY, "ack_policy": "none", "deliver_policy": "all"}}

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock:
    wire = sock.makefile("rwb")
    ask = json.dumps(CONSUMER).encode()
    wire.write(b'CONNECT {"verbose":false,"headers":true}\r\nSUB %s 1\r\nSUB answer.%s 2\r\n'
               b"PUB $JS.API.CONSUMER.CREATE.OPS answer.%s %d\r\n%s\r\n"
               % (COPY.encode(), COPY.encode(), COPY.encode(), len(ask), ask))
    wire.flush()
    for line in wire:
        words = line.split()
        if words[0] == b"PING":
            wire.write(b"PONG\r\n")
            wire.flush()
        if words[0] not in (b"MSG", b"HMSG"):
            continue
        data = wire.read(int(words[-1]) + 2)[:-2]
        if words[2] == b"2":
            answer = json.loads(data)
            if answer["num_pending"] == 0:
                break
            continue
        print(data[int(words[-2]) if words[0] == b"HMSG" else 0:].decode())
        if words[3].endswith(b".0"):  # how many are still to come
            break
