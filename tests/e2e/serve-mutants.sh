#!/bin/bash
#
# The whole server under clients that go astray: conversations with bytes changed, put in, taken out.
# CHAT_TEST_FULL=1 sends a hundred times as many.

full=${CHAT_TEST_FULL-} seed=${CHAT_TEST_SEED-}
export LIMIT=280
[ -z "$full" ] || LIMIT=7200
. tests/lib.sh
. tests/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full CHAT_TEST_SEED=$seed /usr/bin/python3 -B tests/e2e/serve-mutants.py
