#!/usr/bin/python3
"""Prints ports of loopback that nobody has, and that nobody gets by chance meanwhile: `ports.py COUNT`.

The kernel gives ports of one range to who connects, or asks for any port; these are others.
"""
import random
import socket
import sys

FIRST, LAST = 11000, 65535  # below it are ports that browsers refuse


def is_free(port):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low, high = map(int, file.read().split())
    others = [*range(FIRST, low), *range(max(FIRST, high + 1), LAST + 1)]
    ports = []
    for port in random.sample(others, len(others)) or range(FIRST, LAST + 1):
        if len(ports) == count:
            break
        if is_free(port):
            ports.append(port)
    assert len(ports) == count, "not so many ports are free"
    return ports


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
