#!/bin/bash
#
# A server that was stopped, by a signal or with its machine, first reads what came meanwhile: nobody was
# too late.
#
# CHAT_TEST_FULL=1 stops it for a minute.

LIMIT=120 FULL_LIMIT=600
. tests/lib.sh

run_cases tests/e2e/serve-suspended.py
