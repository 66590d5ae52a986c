#!/bin/bash
#
# make demo-cluster shows a cluster that loses a server of each kind, and checks what everybody has heard.

LIMIT=90
. tests/lib.sh

[ -n "$full" ] || skip_all 'CHAT_TEST_FULL=1 runs the demo'
command -v "${NATS_SERVER:-nats-server}" >/dev/null || skip_all 'there is no nats-server'

CHAT_BUILD=$BUILD exits 0 'the demo works' tests/demo-cluster.sh
is "$(tail -n 1 "$OUT")" 'demo-cluster: done, all is heard, once, in one order' 'and says so'
is "$(cat "$ERR")" '' 'and nothing else'

done_testing
