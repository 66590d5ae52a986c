#!/bin/bash
#
# How chat-serve says how it is doing.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-metrics.py
