#!/bin/bash
#
# With --loops several threads share the channels of a server, which is one server all the same.
#
# CHAT_TEST_FULL=1: the cases of other tests hold with two threads, too, those of the adversaries among them;
# serve-loops-four.sh has four. Not those that count who gets the last of a share of an address.

FULL_LIMIT=3600
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem ADVERSARIES_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key" CHAT_TEST_LOOPS=2
files=(tests/e2e/serve-loops.py)
[ -z "$full" ] ||
	files+=(tests/e2e/serve-{protocol,protocol-nonces,protocol-history,limits,frames,output,process,slow-readers,adversaries}.py)
run_cases tests/helpers/run_cases.py "${files[@]}" "$@"
