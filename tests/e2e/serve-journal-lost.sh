#!/bin/bash
#
# When the directory of a journal or a file of it goes away under the server, the server notices, and
# accepts nothing that it cannot keep.

. tests/lib.sh

run_cases tests/e2e/serve-journal-lost.py
