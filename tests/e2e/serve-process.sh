#!/bin/bash
#
# chat-serve as a process: its sockets, its input, signals and exit status are as the manual says.

. tests/lib.sh

run_cases tests/e2e/serve-process.py
