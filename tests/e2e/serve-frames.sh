#!/bin/bash
#
# chat-serve answers request heads and frames, right and wrong, as RFC 6455 says, however the bytes are
# cut.

. tests/lib.sh

run_cases tests/e2e/serve-frames.py
