#!/bin/bash
#
# Measures how long honest users wait for each other's texts while attackers of every kind are at it.
# `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/python3 -B tests/bench/attack.py "$@"
