#!/bin/bash
#
# chat-serve requires a PROXY header from the networks of --proxy-protocol, believes what it says, and limits
# the client that it names; with and without TLS.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem PROXY_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
run_cases tests/e2e/serve-proxy-protocol.py
