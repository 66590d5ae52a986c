#!/bin/bash
#
# The cases of serve-limits.sh, serve-slow-readers.sh, serve-rates.sh, serve-capacity.sh hold over TLS, too.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem CHAT_TEST_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
run_cases tests/helpers/run_cases.py tests/e2e/serve-{limits,slow-readers,rates,capacity}.py
