#!/bin/bash
#
# Many clients send the smallest frames as fast as they can, and the echo of an honest member still takes the
# server no more than 50 ms of its time.

. tests/lib.sh

run_cases tests/e2e/serve-fairness.py
