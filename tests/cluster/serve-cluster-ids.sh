#!/bin/bash
#
# The ids of a cluster whose stream has more entries than 32 bits can count.

LIMIT=100
. tests/lib.sh

run_cases tests/cluster/serve-cluster-ids.py
