#!/bin/bash
#
# The corpus of messages, through chat-serve.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-corpus.py
