#!/bin/bash
#
# The cases of serve-frames.py hold over TLS, too.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem CHAT_TEST_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
run_cases tests/e2e/serve-frames.py
