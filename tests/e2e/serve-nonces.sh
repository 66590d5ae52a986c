#!/bin/bash
#
# Each line gets one answer: whatever is said again, by which connection, and how slow the disk is.

. tests/lib.sh
run_cases tests/e2e/serve-nonces.py
