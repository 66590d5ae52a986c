#!/bin/bash
#
# Measures chat-serve --cluster: three nats-servers and three servers on this machine, beside publishing each message
# alone with libnats; fan-out, the cost of more servers, and the slopes that chat-cluster(7) counts with. How it is
# done, and the options: cluster.py --help. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/cluster.py "$@"
