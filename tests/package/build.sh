#!/bin/bash
#
# build.sh TARBALL VERSION DIR: builds the packages of Debian, source and binary, of the release's tarball, and puts them
# and the log into DIR. The build is in a folder of its own below $TMPDIR, because debhelper wants a path without a space.

set -eu -o pipefail
cd "$(dirname "$0")/../.."
tarball=$1 version=$2 dir=$3
source=chat-tools-$version

work=$(mktemp -d "${TMPDIR:-/tmp}/chat-deb.XXXXXX")
trap '[ $? -eq 0 ] && rm -rf "$work" || echo "build.sh: failed; see $work" >&2' EXIT
cp "$tarball" "$work/chat-tools_$version.orig.tar.gz"
tar -xf "$tarball" -C "$work"
cp -r "$work/$source/tests/package/debian" "$work/$source/debian"
packaged=$(cd "$work/$source" && dpkg-parsechangelog -S Version)
[ "${packaged%-*}" = "$version" ] || {
	echo "build.sh: tests/package/debian/changelog is about $packaged, the Makefile about $version" >&2
	exit 1
}

(cd "$work/$source" && dpkg-buildpackage -us -uc --jobs="$(nproc)" >"$work/log" 2>&1) || {
	tail -n 40 "$work/log" >&2
	exit 1
}
rm -rf "$dir"
mkdir -p "$dir"
find "$work" -maxdepth 1 -type f -exec cp {} "$dir" \;
echo "$dir:"
(cd "$dir" && ls -- *.deb)
