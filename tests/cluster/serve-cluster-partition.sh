#!/bin/bash
#
# The network of a cluster is cut, on machines that are network namespaces.

LIMIT=300 FULL_LIMIT=1200
. tests/lib.sh

[ -n "$full" ] || skip_all 'CHAT_TEST_FULL=1 cuts the network'
run_cases tests/cluster/serve-cluster-partition.py
