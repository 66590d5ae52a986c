#!/bin/bash
#
# The library as other people's programs use it, from an installed tree: the examples of its manual pages and
# of lib/examples in C99, C++ and with clang, shared, static and under valgrind; C++ and Python programs;
# two threads; what it exports and what it calls; and what happens where there is no memory.

LIMIT=180
. tests/lib.sh

root=$TMP/root
mkdir "$TMP/build"
ln -s "$BUILD"/{chat-*,lib*} "$TMP/build"
make -o all install BUILD="$TMP/build" DESTDIR="$root" PREFIX=/usr >"$OUT" 2>&1
ok 'make install' || diag "$(cat "$OUT")"
export LD_LIBRARY_PATH=$root/usr/lib

chat_pc() {
	PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 pkg-config "$@" chat
}

none() {
	is "$(cat)" '' "$1"
}

# An instrumented library wants its run-time, and not that of valgrind or of another language.
read -ra sanitize < <(grep -oE -e '-fsanitize=[^ ]*|--coverage' "$BUILD/flags" | head -n 1)
read -ra cflags < <(chat_pc --cflags)
read -ra libs < <(chat_pc --libs)
read -ra static_libs < <(chat_pc --static --libs)
# A machine for make check may have no compiler for C++; make check-library has one.
cplusplus=$(command -v g++)
warnings=(-Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L)

# compiles NAME COMMAND…: the command compiles without a word.
compiles() {
	local name=$1
	shift
	"$@" >"$TMP/said" 2>&1 && [ ! -s "$TMP/said" ]
	ok "$name" || diag "$(cat "$TMP/said")"
}

# in_all_languages FILE: it is C99 and C++, also for clang.
in_all_languages() {
	local file=${1##*/} standard
	for standard in ${cplusplus:+c++11 c++17}; do
		compiles "$file is $standard" "$cplusplus" -x c++ "-std=$standard" -pedantic "${warnings[@]}" "${cflags[@]}" \
			-fsyntax-only "$1"
	done
	for clang in clang clang-14; do
		command -v $clang >/dev/null || continue
		compiles "$file is C99 for clang" $clang -std=c99 -pedantic "${warnings[@]}" "${cflags[@]}" -fsyntax-only "$1"
		break
	done
	compiles "$file is C99" cc -std=c99 -pedantic -O1 "${warnings[@]}" "${sanitize[@]}" "${cflags[@]}" \
		-o "$TMP/${file%.c}" "$1" "${libs[@]}"
}

# ---- the examples of the manual pages ----

# After the program come its input, if it has one, and its output.
examples() {
	perl -0 -ne 'chomp; push @blocks, $_; END {
		for my $i (0 .. $#blocks) {
			next if $blocks[$i] !~ /^#include.*^main\(/ms;
			my @rest = @blocks[$i + 1 .. $#blocks];
			my ($in, $out) = @rest > 1 ? @rest : ("", $rest[0]);
			for (["c", $blocks[$i]], ["in", $in], ["want", $out]) {
				open my $file, ">", "$ENV{TMP}/$ENV{page}.$_->[0]" or die;
				print $file $_->[1];
			}
		} }'
}

programs=()
grep -L 'chat/member\.h' man/*.3 >"$TMP/pages" # that of libchat-client has a test of its own
while read -r page; do
	page=${page##*/}
	export page=${page%.3}
	tests/helpers/printed-examples.pl "man/$page.3" | examples
	[ -s "$TMP/$page.c" ]
	ok "$page(3) has an example" || continue
	in_all_languages "$TMP/$page.c"
	"$TMP/$page" <"$TMP/$page.in" >"$OUT" 2>"$ERR"
	is "$?$(cat "$OUT" "$ERR")" "0$(cat "$TMP/$page.want")" "and prints what the page says"
	programs+=("$page")
done <"$TMP/pages"
is "$(nm -D --defined-only "$BUILD/libchat.so.0" | sed -n 's/.* T \(chat_[a-z0-9_]*\).*/\1/p' |
	while read -r name; do
		grep -qxE "\.Nm $name( ,)?" man/*.3 && [ -e "$root/usr/share/man/man3/$name.3" ] || echo "$name"
	done)" '' 'every function has a page, under its own name'
like "$(man -M "$root/usr/share/man" -P cat 3 chat_validator_feed 2>/dev/null)" 'chat_validator_feed' \
	'man finds it there'

# ---- two programs ----

[ "$(lines lib/examples/irc_to_chat.c)" -le 60 ]
ok 'the converter has at most 60 lines'
cat >"$TMP/irc_to_chat.in" <<'END'
--- Log opened Fri Nov 27 12:00:00 2026
12:01 <@alice> hello, "bob" \o/
12:02 -!- bob [~bob@example.org] has joined #ops
12:03 < bob> grüß dich
END
for program in irc_to_chat checked_reader; do
	in_all_languages lib/examples/$program.c
	programs+=("$program")
done
"$TMP/irc_to_chat" 1795737600 /ops <"$TMP/irc_to_chat.in" >"$TMP/checked_reader.in"
ok 'a log of IRC is converted'
is "$(jq -r '[.id, .sender, .content, .channel, (.timestamp / 1000 | todate)] | join(" ")' "$TMP/checked_reader.in")" \
	'irc-2 alice hello, "bob" \o/ /ops 2026-11-27T12:01:00Z
irc-4 bob grüß dich /ops 2026-11-27T12:03:00Z' 'to messages'
exits 0 'which chat-validate accepts' chat-validate --from server --strict "$TMP/checked_reader.in"
is "$("$TMP/checked_reader" <"$TMP/checked_reader.in" 2>&1)" 'alice: hello, "bob" \o/
bob: grüß dich
2 of 2 lines are messages' 'and which another program reads'
printf '12:01 <x> a\xFF\n' | exits 1 'a log that is not UTF-8 is an error' "$TMP/irc_to_chat" 0 /ops
is "$(cat "$ERR")" 'irc_to_chat: line 1: a byte that is not UTF-8' 'with its line'
echo '{"type":"message","id":7}' | exits 1 'a line that is no message' "$TMP/checked_reader"
is "$(head -n 1 "$ERR")" '1:24: /id: expected string, got number' 'with its place'

if [ ${#sanitize[@]} = 0 ]; then
	for program in "${programs[@]}"; do
		cc -std=c99 "${cflags[@]}" -D_POSIX_C_SOURCE=200809L -static -o "$TMP/static" \
			"$(ls "$TMP/$program.c" "lib/examples/$program.c" 2>/dev/null)" "${static_libs[@]}" >"$OUT" 2>&1 ||
			echo "$program: $(cat "$OUT")"
	done | none 'pkg-config --static links them'
	if command -v valgrind >/dev/null; then
		[ -z "$full" ] && checked=(checked_reader chat_validate) || checked=("${programs[@]}")
		for program in "${checked[@]}"; do
			valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=all --suppressions=tests/valgrind.supp \
				"$TMP/$program" 0 /ops <"$TMP/$program.in" 2>&1 >/dev/null | grep '^=='
		done | none 'valgrind has nothing to say about them'
	fi
fi

# ---- no memory ----

# Each allocation of the programs fails in turn: none ends by a signal, and the one that uses all of the library gets
# from it what is right, or that there is no memory.
compiles 'a program that needs memory' cc -std=c99 -pedantic "${warnings[@]}" "${sanitize[@]}" "${cflags[@]}" \
	-o "$TMP/memory" tests/e2e/library.c "${libs[@]}"
exits 0 'has it' "$TMP/memory"
if [ ${#sanitize[@]} = 0 ]; then
	programs+=(memory)
	for program in "${programs[@]}"; do
		touch "$TMP/$program.in"
		export ALLOC_COUNT=$TMP/allocations
		LD_PRELOAD=$PRELOAD/alloc.so "$TMP/$program" 0 /ops <"$TMP/$program.in" >/dev/null 2>&1
		unset ALLOC_COUNT
		count=$(<"$TMP/allocations")
		[ "$count" -gt 0 ] || echo "$program allocates nothing"
		for ((n = 1; n <= count; n++)); do
			ALLOC_FAIL=$n LD_PRELOAD=$PRELOAD/alloc.so "$TMP/$program" 0 /ops \
				<"$TMP/$program.in" >/dev/null 2>"$ERR"
			status=$?
			if [ "$status" -ge 126 ] || [ "$program" = memory ] && [ "$status" -ne 0 ]; then
				echo "$program: $status at allocation $n: $(cat "$ERR")"
			fi
		done
	done | none 'without memory they get errors, and no signal'
fi

# ---- other languages, two threads ----

if [ -n "$cplusplus" ]; then
	compiles 'a program in C++' "$cplusplus" -std=c++11 -pedantic "${warnings[@]}" "${sanitize[@]}" "${cflags[@]}" \
		-o "$TMP/cplusplus" tests/e2e/library.cpp "${libs[@]}" -pthread
	exits 0 'runs, with a validator in each of its threads' "$TMP/cplusplus"
	is "$(cat "$OUT")" 'valid 20000 invalid 20000 text {"type":"text","text":"größer"}' 'and all give the same'
else
	skip 'programs in C++' 'g++ is not installed'
fi
if [ ${#sanitize[@]} = 0 ]; then
	exits 0 'Python calls it with ctypes' /usr/bin/python3 tests/e2e/library.py "$root/usr/lib/libchat.so"
	is "$(cat "$OUT")" 'text grüß dich
bad_message /text expected string, got number
2 lines, 1 valid; line 2: /text
{"type":"message","id":"1","sender":"bob","content":"a \"b\"","timestamp":1764255940000}' 'and gets the same'
fi

# ---- what it exports and what it needs ----

exported() {
	nm -D --defined-only "$BUILD/libchat.so.0" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort
}
is "$(sed -n 's/^ \(chat_[a-z0-9_]*\)@LIBCHAT_0 [0-9.]*$/\1/p' tests/package/debian/libchat0.symbols | LC_ALL=C sort)" "$(exported)" \
	'tests/package/debian/libchat0.symbols has each function that is exported, with the version that it came with'
is "$(sed -n 's/^\t\t\(chat_.*\);$/\1/p' lib/libchat.map)" "$(exported)" 'and lib/libchat.map lists the same'
exported | while read -r name; do
	sed 's|^ *\*.*||' lib/chat/*.h | grep -q "\b$name(" || echo "$name"
done | none 'each is declared in a header that is installed'

# Nothing that ends the process, prints, keeps state or follows the locale.
if [ ${#sanitize[@]} = 0 ]; then
	nm -D --undefined-only "$BUILD/libchat.so.0" | awk '{ sub(/@.*/, "", $2); print $2 }' |
		grep -vxE '_.*|(mem|str)(chr|cmp|cpy|len|move|set|rchr|chrnul)|(m|c|re)alloc|free|v?snprintf|qsort|poll|read|strerrordesc_np|bcmp' |
		none 'it calls only what has no effect on the process'
	nm "$BUILD/libchat.so.0" | awk '$2 ~ /^[bB]$/ && $3 !~ /^(__|completed)/ { print $3 }' | none 'it has no global state'
fi

done_testing
