#!/bin/bash
#
# After a restart of chat-serve --journal the messages, nonces and channels are back. Retention and repair
# take away only what they should.

. tests/lib.sh

run_cases tests/e2e/serve-journal.py
