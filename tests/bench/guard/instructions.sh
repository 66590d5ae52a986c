#!/bin/bash
#
# Counts what the commands do for an echo, a delivery, a connection and a byte, and holds it to baseline.tsv, so that
# a slip is seen in the change that makes it. What is counted, and how: instructions.py. `make bench-guard` runs this.

cd "$(dirname "$0")/../../.." || exit 1
if ! command -v valgrind >/dev/null; then
	echo '1..0 # SKIP there is no valgrind (make deps-guard)'
	exit 0
fi
# No time is measured: however slow the machine is, the server is waited for.
export CHAT_TEST_SLOWNESS=${CHAT_TEST_SLOWNESS:-10}
exec /usr/bin/python3 -B tests/bench/guard/instructions.py "$@"
