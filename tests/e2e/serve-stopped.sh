#!/bin/bash
#
# A server that stood still: stopped by a signal, or with its machine. Nobody was late meanwhile.

full=${CHAT_TEST_FULL-}
LIMIT=120
[ -z "$full" ] || LIMIT=600
. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full /usr/bin/python3 -B tests/e2e/serve-stopped.py
