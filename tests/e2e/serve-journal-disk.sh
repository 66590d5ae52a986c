#!/bin/bash
#
# What lies on the disk is input: what has been changed, put there or taken away is noticed before it is believed.

. tests/lib.sh

run_cases tests/e2e/serve-journal-disk.py
