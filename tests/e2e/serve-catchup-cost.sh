#!/bin/bash
#
# Clients that come back cost the other clients nothing, and the server little memory.

. tests/lib.sh

run_cases tests/e2e/serve-catchup-cost.py "$@"
