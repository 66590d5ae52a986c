#!/bin/bash
#
# Measures how long it takes to write down all that was said in a channel. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/archive.py "$@"
