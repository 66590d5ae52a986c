#!/bin/bash
#
# lintian has nothing to say of the packages, source and binary; nor has blhc of the flags that each file was compiled with.

LIMIT=300
. tests/lib.sh

for tool in lintian blhc; do
	command -v $tool >/dev/null || skip_all "there is no $tool (make deps-check-deb)"
done
root=()
[ "$(id -u)" -ne 0 ] || root=(--allow-root)
exits 0 'lintian passes' lintian --fail-on error,warning,info,pedantic --pedantic -I "${root[@]+"${root[@]}"}" \
	"$PACKAGES"/*.changes
is "$(cat "$OUT")" '' 'and says nothing'

# Position-independent code is the compiler's default; what only tests load has fewer flags.
exits 0 'blhc passes' blhc --ignore-flag -fPIE --ignore-line ".*tests/preload/.*" "$PACKAGES/log"
is "$(cat "$OUT")" '' 'and says nothing'

is "$(dpkg-deb -f "$PACKAGES"/chat-tools_*.deb Version)" "$(dpkg-deb -f "$PACKAGES"/libchat0_*.deb Version)" \
	'the packages have one version'
for name in chat-tools libchat0 libchat-client0; do
	[ -n "$(find "$PACKAGES" -name "$name-dbgsym_*.deb")" ]
	ok "$name has its symbols for a debugger in a package of its own"
done
done_testing
