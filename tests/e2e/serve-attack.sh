#!/bin/bash
#
# Attackers, and twenty people who go on chatting.

LIMIT=240
. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-attack.py
