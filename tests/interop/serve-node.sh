#!/bin/bash
#
# chat-serve and a client that nobody here wrote: node's `ws`.

. tests/lib.sh

serve --grace 0
node tests/interop/serve-node.js "$CHAT_URL" "$SERVE_PID" && wait "$SERVE_PID"
