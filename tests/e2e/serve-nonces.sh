#!/bin/bash
#
# Each line that carries a nonce gets one answer: however often it is said, on which connection, and how
# slow the disk is.

. tests/lib.sh
run_cases tests/e2e/serve-nonces.py
