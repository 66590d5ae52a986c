#!/bin/bash
#
# Each limit of chat-serve is kept as LIMITS of chat-serve(1) says.

. tests/lib.sh

run_cases tests/e2e/serve-limits.py
