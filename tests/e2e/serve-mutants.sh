#!/bin/bash
#
# The whole server under clients that go astray: conversations with bytes changed, put in, taken out.
# CHAT_TEST_FULL=1 sends a hundred times as many.

LIMIT=280 FULL_LIMIT=7200
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1

run_cases tests/e2e/serve-mutants.py
