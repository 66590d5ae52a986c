#!/bin/bash
#
# No acknowledged message is ever lost: whatever anybody was shown is in the journal, however the server
# ends.
#
# CHAT_TEST_FULL=1 runs enough rounds to be sure, not only to notice.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal.py
