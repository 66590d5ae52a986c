#!/bin/bash
#
# A cluster whose servers are killed while many speak.

LIMIT=250 FULL_LIMIT=1800
. tests/lib.sh

run_cases tests/cluster/serve-cluster-chaos.py
