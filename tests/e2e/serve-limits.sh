#!/bin/bash
#
# The limits of chat-serve on sizes and times are kept as LIMITS of chat-serve(1) says.

. tests/lib.sh

run_cases tests/e2e/serve-limits.py
