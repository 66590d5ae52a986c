#!/bin/bash
#
# chat-serve and node's `ws`, a client that was written by others, understand each other.

. tests/lib.sh

serve --grace 0
node tests/interop/serve-node.js "$CHAT_URL" "$SERVE_PID" && wait "$SERVE_PID"
