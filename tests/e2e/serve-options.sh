#!/bin/bash
#
# The options of chat-serve at their least and their most. CHAT_TEST_FULL=1 also has it send a gigabyte at once.

LIMIT=280
full=${CHAT_TEST_FULL-}

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full /usr/bin/python3 -B tests/e2e/serve-options.py
