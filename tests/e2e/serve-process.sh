#!/bin/bash
#
# chat-serve as a process among others.

. tests/lib.sh

run_cases tests/e2e/serve-process.py
