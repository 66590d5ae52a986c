#!/bin/bash
#
# The cases of serve-limits.py once more, over TLS.

. tests/lib.sh
. tests/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem CHAT_TEST_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-limits.py
