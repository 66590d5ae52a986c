#!/bin/bash
#
# A crowd at chat-serve: each message once, in one order, no seam for who joins.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-crowd.py
