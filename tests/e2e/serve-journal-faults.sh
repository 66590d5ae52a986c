#!/bin/bash
#
# When the disk fails or is full, messages that cannot be stored are refused and shown to nobody; those
# that were shown are kept.
#
# CHAT_TEST_FULL=1 runs enough rounds to be sure, not only to notice.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal-faults.py
