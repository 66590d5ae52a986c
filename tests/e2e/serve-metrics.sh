#!/bin/bash
#
# /metrics, /healthz and SIGUSR1 of chat-serve tell what happens in it.

. tests/lib.sh

run_cases tests/e2e/serve-metrics.py
