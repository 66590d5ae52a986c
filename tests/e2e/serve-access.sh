#!/bin/bash
#
# Whom chat-serve lets in: tokens, hosts, proxies, and nobody at all by mistake.

. tests/lib.sh

run_cases tests/e2e/serve-access.py
