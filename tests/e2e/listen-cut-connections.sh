#!/bin/bash
#
# Readers that pause, on connections that are cut, with and without a journal and TLS: nothing is lost, or what is
# lost is named. With CHAT_TEST_FULL set 200 of them, 60,000 lines each.

FULL_LIMIT=3000
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
run_cases tests/e2e/listen-cut-connections.py "$@"
