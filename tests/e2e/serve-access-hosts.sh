#!/bin/bash
#
# chat-serve serves the pages and proxies of the right hosts only, and is not open by mistake.

. tests/lib.sh

run_cases tests/e2e/serve-access-hosts.py
