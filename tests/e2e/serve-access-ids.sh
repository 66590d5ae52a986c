#!/bin/bash
#
# With tokens each user of chat-serve has one id, one rate and its own nonces.

. tests/lib.sh

run_cases tests/e2e/serve-access-ids.py
