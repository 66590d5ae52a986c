#!/bin/bash
#
# --journal-max-messages keeps the newest messages of each channel and removes the others. The memory for
# a journal with very many channels is bounded, and gaps are known where messages were removed.
#
# CHAT_TEST_FULL=1 kills servers far more often while they remove.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal-newest.py
