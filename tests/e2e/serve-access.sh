#!/bin/bash
#
# chat-serve lets in the right users by their tokens, and nobody else.

. tests/lib.sh

run_cases tests/e2e/serve-access.py
