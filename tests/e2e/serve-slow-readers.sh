#!/bin/bash
#
# chat-serve drops a client that reads too slowly, and no other.

. tests/lib.sh

run_cases tests/e2e/serve-slow-readers.py
