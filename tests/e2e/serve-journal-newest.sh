#!/bin/bash
#
# --journal-max-messages keeps the newest messages of each channel and removes the others. The memory for
# a journal with very many channels is bounded.

. tests/lib.sh

run_cases tests/e2e/serve-journal-newest.py
