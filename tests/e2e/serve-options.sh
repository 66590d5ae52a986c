#!/bin/bash
#
# chat-serve works with each option at its least and at its most.
#
# CHAT_TEST_FULL=1 also has it send a gigabyte at once.

LIMIT=280

. tests/lib.sh

run_cases tests/e2e/serve-options.py
