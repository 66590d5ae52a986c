#!/bin/bash
#
# chat-serve accepts each valid message of the corpus, and refuses each invalid one with the code in its
# file name.

. tests/lib.sh

run_cases tests/e2e/serve-corpus.py
