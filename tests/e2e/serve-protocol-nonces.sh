#!/bin/bash
#
# A nonce that is said again makes no second message; nonces are bounded, and forgotten after their time.

. tests/lib.sh

run_cases tests/e2e/serve-protocol-nonces.py
