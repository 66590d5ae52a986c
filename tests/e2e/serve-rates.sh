#!/bin/bash
#
# chat-serve limits how often and how much a user or an address may speak and join, and how many errors it
# may make.

. tests/lib.sh

run_cases tests/e2e/serve-rates.py
