#!/bin/bash
#
# Many clients send the smallest frames as fast as they can, and the echo of an honest member still comes
# within 50 ms.

. tests/lib.sh

run_cases tests/e2e/serve-fairness.py
