#!/bin/bash
#
# chat-serve prints its events on stdout and its errors on stderr, and a reader that is slow or gone never
# stops the chat.

. tests/lib.sh

run_cases tests/e2e/serve-output.py
