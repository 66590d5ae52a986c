#!/bin/bash
#
# The cases of serve-protocol.sh hold with four threads, too; with CHAT_TEST_FULL=1 those of serve-loops.sh, and then
# all of its others.

FULL_LIMIT=3600
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem ADVERSARIES_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key" CHAT_TEST_LOOPS=4
files=(tests/e2e/serve-protocol.py)
[ -z "$full" ] ||
	files+=(tests/e2e/serve-{loops,protocol-nonces,protocol-history,limits,frames,output,process,slow-readers,adversaries}.py)
run_cases tests/helpers/run_cases.py "${files[@]}" "$@"
