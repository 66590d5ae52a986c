#!/bin/bash
#
# --journal-max-messages, what is kept in memory of a journal with very many channels, and what is known of
# messages that were removed. CHAT_TEST_FULL=1 ends servers far more often while they remove.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal-newest.py
