#!/bin/bash
#
# The packages build in a root of another release ($RELEASE), with their tests, and its lintian has nothing to say of
# them. They are in the build directory's deb-RELEASE then, for the other tests.

LIMIT=1500
. tests/lib.sh
. tests/package/root.sh

build_in_root "$RELEASE" "$BUILD/deb-$RELEASE"
ok "they build on $RELEASE" || { diag "$(tail -n 40 "$TMP/log" | cut -c1-200)" && done_testing; }
is "$(grep '^Result: ' "$BUILD/deb-$RELEASE/log")" 'Result: PASS' 'their tests pass there'
in_root sh -c 'apt-get -q -y --no-install-recommends install lintian' >"$OUT" 2>&1
ok 'lintian is there' || diag "$(tail "$OUT")"
in_root sh -c 'lintian --allow-root --fail-on error,warning,info,pedantic --pedantic -I /build/*.changes' >"$OUT" 2>"$ERR"
ok 'lintian passes'
is "$(cat "$OUT")" '' 'and says nothing'
done_testing
