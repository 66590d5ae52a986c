#!/bin/bash
#
# The history that a newcomer gets, and what `since` brings back, are as chat-protocol(7) describes.

. tests/lib.sh

run_cases tests/e2e/serve-protocol-history.py
