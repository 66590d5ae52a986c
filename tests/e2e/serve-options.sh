#!/bin/bash
#
# The options of chat-serve at their least and their most. CHAT_TEST_FULL=1 also has it send a gigabyte at once.

LIMIT=280

. tests/lib.sh

run_cases tests/e2e/serve-options.py
