#!/bin/bash
#
# chat-serve tells who comes back all that was said meanwhile, page by page, and nobody pays for it.

. tests/lib.sh

CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=${CHAT_TEST_FULL-} /usr/bin/python3 -B tests/e2e/serve-past.py "$@"
