#!/bin/bash
#
# Measures chat-serve --loops beside one loop, where this chat-serve has that option. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/bench/loops.py "$@"
