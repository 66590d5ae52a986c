#!/bin/bash
#
# A crowd at chat-serve: each message once, in one order, no seam for who joins.

. tests/lib.sh

run_cases tests/e2e/serve-crowd.py
