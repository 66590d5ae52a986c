#!/bin/bash
#
# Bytes to chat-serve, right and wrong.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-frames.py
