#!/bin/bash
#
# The packages for arm64 are built here, by the packages' own rules with Debian's cross compiler, on each release.

LIMIT=1500
. tests/lib.sh
. tests/package/root.sh

[ "$(dpkg --print-architecture)" = amd64 ] || skip_all 'builds for arm64 on amd64'
build_in_root "$RELEASE" "$BUILD/deb-$RELEASE-arm64" arm64
ok "they build for arm64 on $RELEASE" || { diag "$(tail -n 40 "$TMP/log" | cut -c1-200)" && done_testing; }
for name in chat-tools libchat0 libchat-dev libchat-client0 libchat-client-dev; do
	is "$(dpkg-deb -f "$BUILD/deb-$RELEASE-arm64/${name}_"*_arm64.deb Architecture)" arm64 "$name"
done
mkdir "$TMP/unpacked"
for deb in "$BUILD/deb-$RELEASE-arm64"/{chat-tools,libchat0}_*.deb; do
	dpkg-deb -x "$deb" "$TMP/unpacked"
done
for file in "$TMP"/unpacked/usr/bin/* "$TMP"/unpacked/usr/lib/aarch64-linux-gnu/libchat.so.0; do
	like "$(readelf -h "$file")" 'Machine: *AArch64' "${file##*/} is for arm64"
done
if command -v qemu-aarch64-static >/dev/null; then
	cp "$(command -v qemu-aarch64-static)" "$TMP"/unpacked/usr/bin/chat-validate "$ROOT/build"
	is "$(printf '%s\n' '{"type":"text","text":"hi"}' '{"type":"text"}' |
		in_root /build/qemu-aarch64-static /build/chat-validate --from input 2>&1 | grep -c missing)" 1 'chat-validate works'
fi
done_testing
