#!/bin/bash
#
# Nobody takes all channels, or everybody's history.

. tests/lib.sh

run_cases tests/e2e/serve-quotas.py
