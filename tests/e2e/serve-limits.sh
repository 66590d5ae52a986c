#!/bin/bash
#
# The limits of chat-serve.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-limits.py
