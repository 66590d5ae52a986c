#!/bin/bash
#
# --journal-max-messages, what is kept in memory of a journal with very many channels, and what is known of
# messages that were removed. CHAT_TEST_FULL=1 ends servers far more often while they remove.

full=${CHAT_TEST_FULL-}
[ -z "$full" ] || export LIMIT=7200
. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full /usr/bin/python3 -B tests/e2e/journal-newest.py
