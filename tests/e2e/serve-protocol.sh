#!/bin/bash
#
# The conversation with chat-serve, case by case.

. tests/lib.sh

run_cases tests/e2e/serve-protocol.py
