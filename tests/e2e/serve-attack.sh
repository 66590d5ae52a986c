#!/bin/bash
#
# While one kind of attacker after another is at work, twenty users go on chatting and hear everything, in
# order. When the attackers have gone, the server has given back what they took.

LIMIT=240
. tests/lib.sh

run_cases tests/e2e/serve-attack.py
