#!/bin/bash
#
# A server with --loops keeps its journal as one with a single loop does.
#
# CHAT_TEST_FULL=1: more rounds of kill -9, and the cases of other tests of the journal hold with two threads, too.

FULL_LIMIT=7200
. tests/lib.sh

files=(tests/e2e/serve-loops-journal.py)
[ -z "$full" ] || {
	export CHAT_TEST_LOOPS=2
	files+=(tests/e2e/serve-journal{,-clock,-faults,-lost,-newest,-removed,-size}.py)
}
run_cases tests/helpers/run_cases.py "${files[@]}" "$@"
