#!/bin/bash
#
# Whichever call to the system fails, the first or any later one: a command does what it promises, or says
# that it did not, and ends.
#
# CHAT_TEST_FULL=1 lets each call fail, not only the first ones and then some at growing distances.

FULL_LIMIT=7200
. tests/lib.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'a sanitizer comes before what is preloaded'

run_cases tests/e2e/commands-nth-call.py
