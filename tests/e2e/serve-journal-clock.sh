#!/bin/bash
#
# A clock that is wrong for a while does not harm the journal: timestamps never go back.

. tests/lib.sh

run_cases tests/e2e/serve-journal-clock.py
