#!/bin/bash
#
# chat-serve as a process: its descriptors, sockets, signals and exit status are as the manual says.

. tests/lib.sh

run_cases tests/e2e/serve-process.py
