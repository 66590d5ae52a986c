#!/bin/bash
#
# A stream that has lost entries which the servers have told their members.

LIMIT=200
. tests/lib.sh

run_cases tests/cluster/serve-cluster-lost.py
