#!/bin/bash
#
# faults.sh [SEEDS [FAULT…]]: is the simulation worth anything? Each fault of tests/simulation/faults (those that begin
# with FAULT) is put into a copy of the sources, and seeds are played until one of them fails: at most SEEDS (10000). For a
# fault with "-cluster-" in its name these are runs of a cluster.
# Speaks TAP.

set -u
cd "$(dirname "$0")/../.." || exit 1
seeds=${1:-10000}
shift
wanted=("${@:-}")
jobs=$(nproc)
here=$PWD
copy=$PWD/build/faults
number=0
failed=0

rm -rf "$copy" && mkdir -p "$copy/tree" || exit 1
tar -c Makefile cmd lib tests | tar -x -C "$copy/tree" || exit 1
cd "$copy/tree" || exit 1

# build: makes the simulation of the copy.
build() {
	make -j"$jobs" BUILD="$copy/build" "$copy/build/tests/simulation/simulate" >"$copy/log" 2>&1
}

build || { cat "$copy/log"; exit 1; }
for fault in "${wanted[@]/#/$here/tests/simulation/faults/}"; do
	printf '%s\n' "$fault"*.patch
done >"$copy/wanted"
while read -r fault; do
	name=$(basename "$fault" .patch) state='not ok' only=()
	[[ $name != *-cluster-* ]] || only=(--clusters)
	if patch -s -p1 <"$fault" && build; then
		"$copy/build/tests/simulation/simulate" "${only[@]}" --count="$seeds" --jobs="$jobs" --stop >"$copy/found"
		played=$(sed -n 's/^# \([0-9]*\) seeds, .*/\1/p' "$copy/found")
		grep -q '^# seed ' "$copy/found" && state=ok
	else
		played=0
		cat "$copy/log"
	fi
	number=$((number + 1))
	[ "$state" = ok ] || failed=1
	printf '%s %d - %s: %s\n' "$state" "$number" "$name" "$(head -n 1 "$fault")"
	printf '# played %s; %s\n' "$played" "$(grep -m1 '^# seed ' "$copy/found" | cut -c3-160)"
	patch -s -R -p1 <"$fault" || exit 1
done <"$copy/wanted"
echo "1..$number"
exit $failed
