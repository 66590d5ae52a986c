#!/bin/bash
#
# TLS clients cost chat-serve as much as they can (tests/interop/tls_storm.c), and the echo of an honest
# member still comes within 50 ms.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem CHAT_TEST_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
run_cases tests/e2e/serve-tls-storm.py
