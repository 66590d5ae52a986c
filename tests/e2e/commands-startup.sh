#!/bin/bash
#
# Scripts start a command a thousand times: it loads no library and touches no file that it does not need.

. tests/lib.sh

# needs COMMAND: the libraries that it was linked with, whatever else those load.
needs() {
	objdump -p "$BUILD/$1" | sed -nE 's/^ *NEEDED +(lib[a-z0-9_+-]+)\.so.*/\1/p'
}

# loads COMMAND: all its shared libraries, without the C library, the kernel's part and a sanitizer's run-time.
loads() {
	ldd "$BUILD/$1" | sed -nE 's/^[[:space:]]*([^ ]*\/)?(lib[a-z0-9_+-]+)\.so.*/\2/p' |
		grep -vE '^lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+|asan|ubsan|tsan)$' | sort
}

is "$(loads chat-validate | grep -vx libcjson)" '' 'chat-validate loads the C library, and what writes JSON'
is "$(needs chat-serve | grep -vxE 'lib(c|m|cjson|crypto|nats|seccomp|ssl|uv|uring|wslay|asan|ubsan|tsan)' | paste -sd' ')" '' \
	'chat-serve loads what serving needs, and no more'
loads chat-listen | grep -c magic | { read -r count; is "$count" 0 'chat-listen does not load libmagic'; }

# A closed descriptor 0, 1 or 2 is not handed to a file or a socket that is opened later.
chat-validate --version >"$TMP/version" 2>&- <&-
ok 'chat-validate starts without stdin and stderr'
printf '{"type":"text","text":"hi"}\n' | exits 0 'chat-validate reads a line' chat-validate --from client
chat-validate --help >&- 2>"$ERR"
is $? 74 'a closed stdout is an input/output error'

done_testing
