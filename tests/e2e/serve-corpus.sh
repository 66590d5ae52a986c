#!/bin/bash
#
# The corpus of messages, through chat-serve.

. tests/lib.sh

run_cases tests/e2e/serve-corpus.py
