#!/bin/bash
#
# A hundred clients get each message once and in one order; those who join in between see no gap and no
# repeat.

. tests/lib.sh

run_cases tests/e2e/serve-crowd.py
