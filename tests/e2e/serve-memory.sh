#!/bin/bash
#
# One allocation fails, anywhere in a whole session of chat-serve (tests/preload/alloc.c). A connection is
# refused or lost, or the server ends with "out of memory"; nothing else happens.
#
# CHAT_TEST_FULL=1 lets each allocation fail in turn.

LIMIT=280 FULL_LIMIT=7200
. tests/lib.sh
. tests/helpers/certs.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'a sanitizer comes before what is preloaded'
make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem

run_cases tests/e2e/serve-memory.py
