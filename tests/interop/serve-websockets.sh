#!/bin/bash
#
# chat-serve and Python's `websockets`, a client that was written by others, understand each other.

. tests/lib.sh

run_cases tests/interop/serve-websockets.py
