#!/bin/bash
#
# A client that comes back is sent all that was said meanwhile, page by page.

. tests/lib.sh

run_cases tests/e2e/serve-catchup.py "$@"
