#!/bin/bash
#
# The limits of chat-serve.

. tests/lib.sh

run_cases tests/e2e/serve-limits.py
