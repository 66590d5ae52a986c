#!/bin/bash
#
# What lies on the disk is input: what has been changed, put there or taken away is noticed before it is believed.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/journal-disk.py
