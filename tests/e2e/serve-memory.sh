#!/bin/bash
#
# Memory runs out once, anywhere in a whole session of chat-serve (tests/preload/alloc.c).
# CHAT_TEST_FULL=1 lets it run out at every allocation in turn.

LIMIT=280 FULL_LIMIT=7200
. tests/lib.sh
. tests/helpers/certs.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'a sanitizer comes before what is preloaded'
make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem

run_cases tests/e2e/serve-memory.py
