#!/bin/bash
#
# Readers that pause, on connections that are cut, with and without a journal and TLS: nothing is lost, or what is
# lost is named. With CHAT_TEST_FULL set 200 of them, 60,000 lines each.

full=${CHAT_TEST_FULL-}
[ -z "$full" ] || LIMIT=3000
. tests/lib.sh
. tests/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full /usr/bin/python3 -B tests/e2e/cut-reader.py "$@"
