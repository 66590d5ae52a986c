#!/bin/bash
#
# chat-serve tells who comes back all that was said meanwhile, page by page, and nobody pays for it.

. tests/lib.sh

run_cases tests/e2e/serve-catchup.py "$@"
