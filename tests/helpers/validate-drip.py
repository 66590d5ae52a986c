"""Feeds stdin to a command byte by byte; the command reads each byte by itself. Usage: validate-drip.py COMMAND…"""

import array
import fcntl
import os
import subprocess
import sys
import termios

data = sys.stdin.buffer.read()
try:
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
except OSError:
    sys.exit(127)
pipe = child.stdin.fileno()
unread = array.array("i", [0])
for at in range(len(data)):
    os.write(pipe, data[at : at + 1])
    while True:
        fcntl.ioctl(pipe, termios.FIONREAD, unread)
        if unread[0] == 0 or child.poll() is not None:
            break
        os.sched_yield()
child.stdin.close()
sys.exit(child.wait())
