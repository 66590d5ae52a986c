#!/bin/bash
#
# Users of a cluster: every server lists exactly who is there, whoever comes, goes, moves or is killed.

LIMIT=200 FULL_LIMIT=1200
. tests/lib.sh

run_cases tests/cluster/serve-cluster-presence.py
