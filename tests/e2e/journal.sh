#!/bin/bash
#
# Nothing acknowledged is ever lost: what anybody was shown is in the journal, whatever ends the server.
# CHAT_TEST_FULL=1 runs as many rounds as it takes to be sure, not as many as it takes to notice.

full=${CHAT_TEST_FULL-}
[ -z "$full" ] || export LIMIT=7200
. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full CHAT_TEST_SEED=${seed-} /usr/bin/python3 -B tests/e2e/journal.py
