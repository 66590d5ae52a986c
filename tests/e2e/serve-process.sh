#!/bin/bash
#
# chat-serve as a process among others.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-process.py
