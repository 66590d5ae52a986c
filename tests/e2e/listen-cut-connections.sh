#!/bin/bash
#
# chat-listen has a reader that pauses, and connections that are cut, with and without a journal and TLS.
# Nothing is lost, or what is lost is named.
#
# CHAT_TEST_FULL=1: 200 listeners, 60,000 lines each.

FULL_LIMIT=3000
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
run_cases tests/e2e/listen-cut-connections.py "$@"
