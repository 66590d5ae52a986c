#!/bin/bash
#
# Files of a journal that somebody has changed, added or removed are noticed before anything in them is
# believed.

. tests/lib.sh

run_cases tests/e2e/serve-journal-files.py
