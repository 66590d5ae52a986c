#!/bin/bash
#
# Twelve attackers do everything they can at once, beside users who chat. The users still get each message
# once, in order and soon: on a server that is open to all, on one with TLS and tokens, and on one that
# syncs its journal.
#
# CHAT_TEST_FULL=1: a minute each. CHAT_TEST_ATTACK=name,name: only these attacks of adversary.py.

attack=${CHAT_TEST_ATTACK-}
LIMIT=300
# It is not the disk that is measured, where the files have room elsewhere.
room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
if [ "${room:-0}" -gt 4000000 ] && [ -w /dev/shm ]; then
	export TMPDIR=/dev/shm
fi
. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
export CHAT_TEST_CA=$TMP/ca.pem ADVERSARIES_TLS="--tls-cert $TMP/server.pem --tls-key $TMP/server.key"
CHAT_TEST_ATTACK=$attack run_cases tests/e2e/serve-adversaries.py "$@"
