#!/bin/bash
#
# chat-serve and node's `ws`, a client that was written by others, understand each other over TLS.

. tests/lib.sh
. tests/helpers/certs.sh

make_ca ca && make_cert server "$LOCAL_NAMES" || exit 1
serve --grace 0 --tls-cert "$TMP/server.pem" --tls-key "$TMP/server.key"
NODE_EXTRA_CA_CERTS=$TMP/ca.pem node tests/interop/serve-node.js "$CHAT_URL" "$SERVE_PID" && wait "$SERVE_PID"
