#!/bin/bash
#
# Whom chat-serve lets in: tokens, hosts, proxies, and nobody at all by mistake.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness /usr/bin/python3 -B tests/e2e/serve-access.py
