#!/bin/bash
#
# Several adversaries at once, beside people who chat: a server for everybody, one with TLS and tokens, one that syncs.
#
# CHAT_TEST_FULL=1: a minute each. CHAT_TEST_ATTACK=name,name: those attacks of adversary.py alone.

attack=${CHAT_TEST_ATTACK-}
LIMIT=300
# It is not the disk that is measured, where the files have room elsewhere.
room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
if [ "${room:-0}" -gt 4000000 ]; then
	export TMPDIR=/dev/shm
fi
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem ADVERSARIES_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
CHAT_TEST_ATTACK=$attack run_cases tests/e2e/serve-adversaries.py "$@"
