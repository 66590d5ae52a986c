#!/bin/bash
#
# chat-serve and a client that nobody here wrote: Python's `websockets`.

. tests/lib.sh

export PYTHONPATH=$TOP/tests/e2e
CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/interop/serve-websockets.py
