#!/bin/bash
#
# chat-serve answers a browser with its page and other programs with a text; the headers say what the page may do.

. tests/lib.sh

run_cases tests/e2e/serve-page.py
