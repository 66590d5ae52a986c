#!/bin/bash
#
# No acknowledged message is lost by kill -9 or a loss of power: whatever anybody was shown is in the
# journal.
#
# CHAT_TEST_FULL=1 runs enough rounds to be sure, not only to notice.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal-crash.py
