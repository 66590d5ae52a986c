#!/bin/bash
#
# chat-serve and a client that nobody here wrote: Python's `websockets`.

. tests/lib.sh

run_cases tests/interop/serve-websockets.py
