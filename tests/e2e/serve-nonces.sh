#!/bin/bash
#
# Each line gets one answer: whatever is said again, by which connection, and how slow the disk is.

. tests/lib.sh
exec python3 -B tests/e2e/serve-nonces.py
