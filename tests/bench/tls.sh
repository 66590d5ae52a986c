#!/bin/bash
#
# Measures what TLS costs chat-serve, beside itself without it and node's ws with it, where `make
# bench-deps` has installed that. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/tls.py "$@"
