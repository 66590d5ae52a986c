#!/bin/bash
#
# Many that send the smallest frames there are, beside an honest member.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-storm.py
