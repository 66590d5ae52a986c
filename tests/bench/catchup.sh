#!/bin/bash
#
# Measures what it costs to tell many who come back everything that was said meanwhile. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/catchup.py "$@"
