#!/bin/bash
#
# Measures chat-listen and chat-send beside the clients that people use today: node's ws, mosquitto_pub,
# wscat (where they are installed). How it is done: clients.py --help. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/bench/clients.py "$@"
