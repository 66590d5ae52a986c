#!/bin/bash
#
# Nothing acknowledged is ever lost: what anybody was shown is in the journal, whatever ends the server.
# CHAT_TEST_FULL=1 runs as many rounds as it takes to be sure, not as many as it takes to notice.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal.py
