#!/bin/bash
#
# No user takes all channels, or the history of all others.

. tests/lib.sh

run_cases tests/e2e/serve-quotas.py
