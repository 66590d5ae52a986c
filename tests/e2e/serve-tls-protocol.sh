#!/bin/bash
#
# The cases of serve-protocol.sh, serve-protocol-nonces.sh, serve-protocol-history.sh hold over TLS, too.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem CHAT_TEST_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
run_cases tests/helpers/run_cases.py tests/e2e/serve-{protocol,protocol-nonces,protocol-history}.py
