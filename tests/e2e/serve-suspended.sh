#!/bin/bash
#
# A server that stood still: stopped by a signal, or with its machine. Nobody was late meanwhile.

LIMIT=120 FULL_LIMIT=600
. tests/lib.sh

run_cases tests/e2e/serve-suspended.py
