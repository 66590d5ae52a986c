#!/bin/bash
#
# Each message of a client leads to the answers that chat-protocol(7) describes, for the right members.

. tests/lib.sh

run_cases tests/e2e/serve-protocol.py
