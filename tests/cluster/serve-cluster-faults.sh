#!/bin/bash
#
# Bad days of a cluster: each gets a clear word and its exit status, and nothing is acknowledged falsely.

LIMIT=250
. tests/lib.sh

run_cases tests/cluster/serve-cluster-faults.py
