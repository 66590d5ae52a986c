#!/bin/bash
#
# When a channel, the server or its descriptors are full, chat-serve refuses those who are too many, and
# has room again afterwards.

. tests/lib.sh

run_cases tests/e2e/serve-capacity.py
