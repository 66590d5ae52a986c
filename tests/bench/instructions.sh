#!/bin/bash
#
# Counts the instructions of chat-validate on another machine, for 3 MB of the benchmark's corpus, with each
# scanner and with none:
#
#	tests/bench/instructions.sh [ARCH]      arm64 (the default), armhf, s390x
#
# `make deps-cross check-cross ARCH=…` builds it. It takes the package qemu-user, because qemu-user-static
# loads no plugins.

cd "$(dirname "$0")/../.." || exit 1

arch=${1:-arm64}
build=$(realpath "${CHAT_BUILD:-build}")
cross=$build/cross/$arch
declare -A machines=([arm64]=aarch64 [armhf]=arm [s390x]=s390x)
qemu=qemu-${machines[$arch]}

if [ ! -x "$cross/chat-validate" ] || ! command -v "$qemu" >/dev/null; then
	echo "instructions: left out, because there is no $qemu or no $cross/chat-validate"
	exit 0
fi
plugin=$build/tests/preload/instructions.so
corpus=$build/bench/normal-3.ndjson
make BUILD="$build" "$plugin" "$build/tests/bench/validate_corpus" >/dev/null || exit
mkdir -p "$build/bench"
"$build/tests/bench/validate_corpus" normal 3 >"$corpus"

# count SCANNER: the instructions, or nothing where this machine does not have it.
count() {
	CHAT_VALIDATE_SCAN=$1 "$qemu" -L "$cross/sysroot" -plugin "$plugin" -d plugin \
		"$cross/chat-validate" "$corpus" 2>&1 >/dev/null | sed -n 's/^instructions: //p'
}

none=$(count none)
for scanner in none plain neon; do
	got=$(count "$scanner")
	[ "${got:-0}" -gt 1000000 ] && awk -v scanner="$scanner" -v got="$got" -v none="$none" -v bytes="$(stat -c %s "$corpus")" \
		'BEGIN { printf "%-6s %6.1f million, %5.2f for each byte, %5.1f times fewer\n", scanner, got / 1e6, got / bytes, none / got }'
done
exit 0
