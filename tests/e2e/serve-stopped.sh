#!/bin/bash
#
# A server that stood still: stopped by a signal, or with its machine. Nobody was late meanwhile.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-stopped.py
