#!/bin/bash
#
# The conversation with chat-serve, case by case.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-protocol.py
