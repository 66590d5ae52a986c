#!/bin/bash
#
# A cluster whose servers are killed while many speak.

LIMIT=250
. tests/lib.sh

run_cases tests/cluster/serve-cluster-chaos.py
