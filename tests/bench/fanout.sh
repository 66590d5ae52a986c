#!/bin/bash
#
# Measures chat-serve against a server that does no protocol work (floor.c) and, where `make bench-deps`
# has installed them, against chat servers written for Bun and for node's ws (peers/). How it is done,
# and the options: fanout.py --help. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/bench/fanout.py "$@"
