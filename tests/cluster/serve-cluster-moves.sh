#!/bin/bash
#
# Clients that go from one server of a cluster to another, and servers that come back.

LIMIT=200 FULL_LIMIT=900
. tests/lib.sh

run_cases tests/cluster/serve-cluster-moves.py
