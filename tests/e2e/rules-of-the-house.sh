#!/bin/bash
#
# The rules that the sources keep: who includes whom, what a command loads, what is exported, that nothing
# mutable is global, and how it is written. tests/helpers/house.py has those that need more than a grep.

. tests/lib.sh

none() {
	is "$(cat)" '' "$1"
}

sources() {
	find "$@" -name '*.[ch]' -print0 | sort -z
}

# only_in HEADER FILE…: of lib and cmd, no other file includes it.
only_in() {
	local header=$1 found
	shift
	found=$(sources lib cmd | xargs -0 grep -lE "#include [<\"](${header})[>\"]" |
		grep -vxE "$(IFS='|' && echo "$*")")
	is "$found" '' "$header is included where it belongs"
}

# holds RULE NAME: house.py finds nothing that breaks the rule.
holds() {
	is "$(/usr/bin/python3 tests/helpers/house.py "$1" 2>&1)" '' "$2"
}

# ---- folders ----

expected='.ci .clang-format .editorconfig .gitignore LICENSE Makefile README.md cmd completions lib man tests'
is "$(find . -mindepth 1 -maxdepth 1 ! -name .git ! -name build -printf '%f\n' | LC_ALL=C sort | paste -sd' ')" \
	"$expected" 'the top level holds what it should'

find tests -mindepth 2 -maxdepth 2 -regex 'tests/\(e2e\|interop\|cluster\|package\)/.*\.sh' ! -perm -u+x \
	-exec grep -l '^#!' {} + | none 'each program of the tests can be executed'

# ---- includes ----

sources lib | xargs -0 grep -nE '#include "(\.\./)?(cmd|serve|send|listen|common|validate)/' |
	none 'lib knows nothing of cmd'
sources cmd/send cmd/listen cmd/common cmd/chat-*.c | xargs -0 grep -nE '#include "serve/' |
	grep -v '^cmd/chat-serve.c:' | none 'the clients know nothing of the server'

sources cmd/serve | xargs -0 grep -nE '\bchat_warn\(|STDERR_FILENO' |
	grep -v 'error_log_open(' | none 'what the server reports goes through its error log, which never waits'

only_in 'wslay/.*' lib/wire/ws.c
only_in 'curl/.*' lib/wire/curl.h
only_in 'idn2.h' lib/wire/idn.c
only_in 'openssl/.*' lib/wire/digest.c cmd/serve/util/memory.c 'cmd/serve/net/tls_.*'
only_in 'seccomp.h' cmd/serve/sandbox.c
only_in 'linux/landlock.h' lib/command/confine.c
only_in 'uv.h' 'cmd/serve/.*'
only_in 'uthash.h' lib/text/hash.h
only_in 'magic.h' 'cmd/send/.*\.c'
only_in '(cjson/)?cJSON.h' 'cmd/.*\.c'

holds circles 'no circle of includes: no file needs itself, a .c and its .h counted as one'
holds layers 'a folder includes only what lies below it'
holds includes 'includes are written from lib or cmd on: the own header, those of the system, ours'

# ---- objects ----

needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

needed "$BUILD/chat-validate" | grep -E 'curl|wslay|uv|ssl|crypto|magic' | none 'chat-validate loads no network'
needed "$BUILD/chat-serve" | grep -E 'curl|magic' | none 'chat-serve does not load libcurl'
for program in chat-send chat-listen libchat-client.so.0; do
	needed "$BUILD/$program" | grep curl
done | none 'the clients load libcurl where they need it, not at their start'
needed "$BUILD/libchat.so.0" | grep -vE '^lib(c|asan|ubsan|tsan)\.so' |
	none 'the shared library needs only the C library'

# exported LIBRARY: the functions that it exports.
exported() {
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

exported "$BUILD/libchat.so.0" | grep -v '^chat_' | none 'the shared library exports chat_* alone'
exported "$BUILD/libchat.so.0" | while read -r name; do
	grep -qw "$name" lib/chat/*.h || echo "$name"
done | none 'what the shared library exports is declared in lib/chat'
declared=$(perl -0pe 's{/\*.*?\*/}{}gs' lib/chat/member.h | grep -oE '\bchat_member_\w+\(' | tr -d '(' | sort)
is "$(exported "$BUILD/libchat-client.so.0")" "$declared" \
	'libchat-client exports what chat/member.h declares, and no copy of what libchat has'
is "$(sed -n 's/^ \(chat_[a-z0-9_]*\)@LIBCHAT_CLIENT_0 [0-9.]*$/\1/p' tests/package/debian/libchat-client0.symbols)" "$declared" \
	'the symbols file of its package has them, with the version that they came with'
nm -D --undefined-only "$BUILD/libchat-client.so.0" | awk '{ sub(/@.*/, "", $2); print $2 }' |
	grep -xE '_?exit|(v?f?|d)printf|puts|fputs|fwrite|perror|signal|sig[a-z]+|set(env|locale)|fork|pthread_create' |
	none 'libchat-client does not end the process, print or touch its signals'
like "$(needed "$BUILD/libchat-client.so.0")" 'libchat\.so\.0' 'libchat-client loads libchat'
for library in libchat libchat-client; do
	is "$(sed -nE 's/^ ([a-z].*)@LIBCHAT_.*/\1/p' "tests/package/debian/${library}0.symbols")" \
		"$(sed -nE 's/^\t\t(chat_.*);$/\1/p' "lib/$library.map" | LC_ALL=C sort)" "${library}0.symbols has all of $library.map"
done
nm -g --defined-only "$BUILD/lib.a" | awk 'NF == 3 && $3 !~ /^(chat_|__)/' |
	none 'the library defines chat_* alone'

# Writable data, with the source that has it. What a signal handler notes cannot live elsewhere.
for source in lib/{text,message,command,wire,client}/*.c cmd/*.c cmd/*/*.c cmd/serve/*/*.c; do
	[ -e "$BUILD/${source%.c}.o" ] || continue # with libnats, or without it
	objdump -t "$BUILD/${source%.c}.o" |
		awk '/ O \.(data|bss|tdata|tbss)[^ \t]*\t/ && !/\.data\.rel\.ro/ { print $NF }' |
		grep -vE '^(_|\.L)' | while read -r name; do
			grep -qE "^(static )?volatile (sig_atomic_t|int) (.*, )?${name%%.*}\b" "$source" ||
				echo "$source: $name"
		done
done | none 'nothing mutable is global'

# ---- text ----

words='TO''DO|FIX''ME|X''XX'
grep -rnwE "$words" Makefile README.md lib cmd man completions tests .ci --include='*' \
	--exclude-dir=corpus | none 'nothing is left for later'
grep -rnE '(^|[;&|({[:space:]])(sleep[[:space:]]+[0-9$"]|(usleep|nanosleep|sleep)\()' tests .ci \
	--exclude-dir=corpus --exclude=rules-of-the-house.sh | none 'no test sleeps'
sources lib cmd tests | xargs -0 perl -CSD -ne '1 while s/^([^\t]*)\t/$1 . " " x (8 - length($1) % 8)/e; chomp;
	print "$ARGV:$.\n" if length > 100; close ARGV if eof' | none 'no line is wider than 100'
sources lib cmd | xargs -0 grep -nE '^[[:space:]]*typedef (struct|enum|union)' | none 'structs have no typedef'

holds pointers 'a pointer is tested as it is, without NULL'
holds sizes 'sizeof has parentheses and, in an allocation, an object'
holds statics 'functions of one file have plain names, and those that libuv calls are on_something'

holds comments 'a comment says what is there, and does not begin with a question word'
holds lengths 'no file is longer than 450 lines, and no function longer than 40'

[ "$(lines Makefile)" -lt 300 ]
ok 'the Makefile is shorter than 300 lines'

# The guide at the top of server.h.
grep -oE '^ [*+] .*' cmd/serve/server.h | grep -oE '[a-z_]+(/[a-z_]+)+\.[ch]' | while read -r file; do
	[ -e "cmd/serve/$file" ] || [ -e "$file" ] || echo "$file"
done | none 'every file that server.h leads to exists'

# ---- tests ----

commands='serve|send|listen|validate|clients|commands|pipelines|bots'
find tests/e2e tests/cluster -name '*.sh' -printf '%f\n' | grep -vxE "(($commands)(-.*)?|build|demo|docs|hardening|library|install(-.*)?|rules-of-the-house)\.sh" |
	none 'the name of a test says which command it drives'
for test in tests/e2e/*.py tests/cluster/*.py; do
	grep -qF "${test##*/}" "${test%.py}.sh" || echo "$test"
done | none 'cases in Python are those of the test beside them'
for test in tests/e2e/*.sh tests/cluster/*.sh tests/interop/*.sh tests/unit/*.c tests/fuzz/*.c; do
	head -n 3 "$test" | grep -qE '^(# .{30}|/\*)' || echo "$test"
done | none 'the first lines of a test say what it promises'

# ---- headers ----

for header in lib/*/*.h; do
	printf '#include "%s"\n' "${header#lib/}" | cc -std=c11 -D_GNU_SOURCE -Wall -Werror -Ilib -fsyntax-only -x c - \
		2>"$ERR" || echo "$header: $(head -n 1 "$ERR")"
done | none 'every header stands by itself'

done_testing
