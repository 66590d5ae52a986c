#!/bin/bash
#
# --journal-max-messages, and what is kept in memory of a journal with very many channels.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/journal-newest.py
