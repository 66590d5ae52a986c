#!/bin/bash
#
# When the disk does not answer, chat-serve can still be ended, and takes no message that may be lost.

. tests/lib.sh

run_cases tests/e2e/serve-journal-stuck.py
