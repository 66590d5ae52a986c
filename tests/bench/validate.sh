#!/bin/bash
#
# Measures chat-validate against what else reads such logs: cJSON with the same checks, simdjson's parser
# alone, node with ajv, wc -l. How it is done: validate.py. `make bench` runs this.

cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/bench/validate.py "$@"
