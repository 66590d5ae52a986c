#!/bin/bash
#
# The memory of chat-serve, measured from outside while peers do their worst. CHAT_TEST_FULL=1: in full size.

full=${CHAT_TEST_FULL-}
export LIMIT=280
[ -z "$full" ] || LIMIT=1200
. tests/lib.sh
. tests/certs.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && export CHAT_TEST_SANITIZED=1
make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem
ulimit -n "$(ulimit -Hn)"

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full /usr/bin/python3 -B tests/e2e/serve-memory-truth.py "$@"
