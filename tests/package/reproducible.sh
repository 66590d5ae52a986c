#!/bin/bash
#
# What is built twice is the same, byte for byte: the tarball under another umask and at another time; the packages by
# another user, in another directory, a year later, in another time zone and language.

LIMIT=1200
. tests/lib.sh

command -v faketime >/dev/null || skip_all 'there is no faketime (make deps-check-deb)'
version=$(sed -n 's/^VERSION = //p' Makefile)
tarball=$TMP/again.tar.gz
if [ -e .git ]; then
	(umask 077 && TZ=Asia/Tokyo faketime -f +400d tests/package/dist.sh "$version" "$tarball") >"$OUT" 2>&1
	ok 'the tarball again' || diag "$(cat "$OUT")"
	is "$(sha256sum <"$tarball")" "$(sha256sum <"$PACKAGES/chat-tools_$version.orig.tar.gz")" 'is the same'
fi
[ -n "$full" ] || done_testing

tarball=$PACKAGES/chat-tools_$version.orig.tar.gz
mkdir -p "$TMP/another/directory"
chmod 755 "$TMP" "$TMP/another"
chmod 1777 "$TMP/another/directory"
user=()
[ "$(id -u)" -ne 0 ] || user=(runuser -u nobody --)
(
	umask 027
	# The time goes on from the other one: make and dpkg want a clock that moves.
	env TMPDIR="$TMP/another/directory" HOME=/nonexistent TZ=Pacific/Chatham LC_ALL=C LANGUAGE=fr DEB_BUILD_OPTIONS='nocheck parallel=1' \
		"${user[@]+"${user[@]}"}" faketime -f +400d tests/package/build.sh "$tarball" "$version" "$TMP/another/directory/deb"
) >"$OUT" 2>&1
ok 'the packages again' || diag "$(tail -n 30 "$OUT")"
for deb in "$PACKAGES"/*.deb; do
	cmp "$deb" "$TMP/another/directory/deb/${deb##*/}" >"$OUT" 2>&1
	ok "${deb##*/}" || diag "$(diffoscope --text - "$deb" "$TMP/another/directory/deb/${deb##*/}" 2>&1 | head -n 40)"
done
done_testing
