#!/bin/bash
#
# Nobody takes all channels, or everybody's history.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-shares.py
