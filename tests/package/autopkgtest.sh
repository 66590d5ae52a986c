#!/bin/bash
#
# The packages' own tests (tests/package/debian/tests), run by autopkgtest in a root of its own.

LIMIT=900
. tests/lib.sh
. tests/package/root.sh

command -v autopkgtest >/dev/null || skip_all 'there is no autopkgtest (make deps-check-deb)'
make_root "$RELEASE"
dpkg-source -q --no-check -x "$PACKAGES"/*.dsc "$TMP/source" 2>"$ERR"
ok 'the source unpacks' || diag "$(cat "$ERR")"

debs=()
for deb in "$PACKAGES"/*.deb; do
	[[ $deb = *-dbgsym_* ]] || debs+=("$deb")
done
with_devices autopkgtest --no-built-binaries --output-dir "$TMP/results" "${debs[@]}" "$TMP/source" -- chroot "$ROOT" \
	>"$OUT" 2>&1
ok 'autopkgtest passes' || diag "$(tail -n 60 "$OUT")"
while read -r name verdict; do
	is "$verdict" PASS "$name"
done <"$TMP/results/summary"
is "$(awk '{ print $1 }' "$TMP/results/summary" | sort | xargs)" \
	"$(sed -n 's/^Tests: //p' tests/package/debian/tests/control | sort | xargs)" 'all of them ran'
done_testing
