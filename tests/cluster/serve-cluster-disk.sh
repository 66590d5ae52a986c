#!/bin/bash
#
# The disks of the majority of the nats-servers are full.

LIMIT=200
. tests/lib.sh

[ -n "$full" ] || skip_all 'CHAT_TEST_FULL=1 fills the disks'
run_cases tests/cluster/serve-cluster-disk.py
