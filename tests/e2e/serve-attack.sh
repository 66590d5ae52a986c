#!/bin/bash
#
# Attackers, and twenty people who go on chatting.

LIMIT=240
. tests/lib.sh

run_cases tests/e2e/serve-attack.py
