#!/bin/bash
#
# Clients send conversations with bytes changed, added or removed. The server answers, logs only what a
# terminal can show, and honest clients notice nothing.
#
# CHAT_TEST_FULL=1 sends a hundred times as many; CHAT_TEST_SEED repeats a run.

LIMIT=280 FULL_LIMIT=7200
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1

run_cases tests/e2e/serve-mutants.py
