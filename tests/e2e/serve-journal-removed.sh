#!/bin/bash
#
# chat-serve --journal knows, also after a restart, of which channels messages were removed, and tells
# their readers.
#
# CHAT_TEST_FULL=1 kills servers far more often while they remove.

FULL_LIMIT=7200
. tests/lib.sh

run_cases tests/e2e/serve-journal-removed.py
