#!/bin/bash
#
# coverage.sh BUILD LEAST PROGRAM…: reads the counters that these programs left in BUILD/raw, writes BUILD/html,
# and prints the ten functions of lib and cmd of which the smallest part was run, and the figure of all lines. Fails if that
# is less than LEAST per cent.

set -u -o pipefail

build=$1 least=$2
shift 2
llvm_cov=${CLANG/clang/llvm-cov}

"${CLANG/clang/llvm-profdata}" merge -o "$build/all.profdata" "$build"/raw/*.profraw || exit
objects=()
for program; do
	objects+=(-object "$program")
done
flags=("${objects[@]:1}" -instr-profile="$build/all.profdata" -ignore-filename-regex='/tests/')

# cov COMMAND [SOURCE…]. Inline functions that a program does not use have no counters there: llvm-cov calls that
# mismatched data, and says so on its standard error, which is shown only if it fails.
cov() {
	"$llvm_cov" "$1" "${flags[@]}" "${@:2}" 2>"$build/llvm-cov.err" || {
		cat "$build/llvm-cov.err" >&2
		exit 1
	}
}

cov show -format=html -output-dir="$build/html"
readarray -t sources < <(find "$PWD/lib" "$PWD/cmd" -name '*.c' | LC_ALL=C sort)
cov report -show-functions "${sources[@]}" -use-color=0 >"$build/functions.txt"
cov report -use-color=0 >"$build/files.txt"

# The table's columns: name, regions, missed, %, lines, missed, %, branches, missed, %.
echo 'The least covered functions:'
awk -v top="$PWD/" '
	/^File / { file = $2; gsub(/[\047:]/, "", file); sub(top, "", file) }
	NF == 10 && $5 > 0 && $1 != "TOTAL" && $1 != "Name" {
		sub(/.*:/, "", $1)
		printf "%.1f %d %d %s %s\n", 100 * ($5 - $6) / $5, $6, $5, $1, file
	}' "$build/functions.txt" | sort -k1,1n -k2,2nr | awk '!seen[$4 $5]++' | head -n 10 |
	awk '{ printf "  %5.1f%%  %2d of %2d lines missed  %s (%s)\n", $1, $2, $3, $4, $5 }'

awk -v least="$least" '$1 == "TOTAL" {
	covered = 100 * ($8 - $9) / $8
	printf "lines: %.2f%% (%d of %d), functions: %s, branches: %s\n", covered, $8 - $9, $8, $7, $13
	if (covered < least) { printf "coverage: less than %s%% of the lines\n", least; exit 1 }
}' "$build/files.txt"
