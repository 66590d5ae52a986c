#!/bin/bash
#
# The memory of chat-serve for what waits for the disk, and for what it keeps for long, measured from
# outside during attacks, stays near what the server itself counts.
#
# CHAT_TEST_FULL=1 runs the attacks in full size.

LIMIT=280 FULL_LIMIT=1200
. tests/lib.sh
. tests/helpers/certs.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && export CHAT_TEST_SANITIZED=1
make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem
ulimit -n "$(ulimit -Hn)"

run_cases tests/e2e/serve-memory-kept.py "$@"
