#!/bin/bash
#
# Bytes to chat-serve, right and wrong.

. tests/lib.sh

run_cases tests/e2e/serve-frames.py
