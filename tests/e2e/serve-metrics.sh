#!/bin/bash
#
# How chat-serve says how it is doing.

. tests/lib.sh

run_cases tests/e2e/serve-metrics.py
