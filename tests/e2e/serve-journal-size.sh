#!/bin/bash
#
# A journal takes no more room on the disk than its bounds allow.

. tests/lib.sh

run_cases tests/e2e/serve-journal-size.py
