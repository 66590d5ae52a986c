#!/bin/bash
#
# Many that send the smallest frames there are, beside an honest member.

. tests/lib.sh

run_cases tests/e2e/serve-fairness.py
