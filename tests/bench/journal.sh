#!/bin/bash
#
# Measures what the journal costs: fan-out with and without it, and acknowledged messages a second next
# to Redis streams and mosquitto, where `make bench-deps` has installed them. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/journal.py "$@"
