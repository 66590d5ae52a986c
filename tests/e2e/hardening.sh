#!/bin/bash
#
# Every program and the shared library are built with the hardening that compiler and linker offer.

. tests/lib.sh

nm "$BUILD/chat-serve" | grep -qE '__(asan|tsan)_' && skip_all 'sanitizers build otherwise'

for name in chat-serve chat-send chat-listen chat-validate libchat.so.0; do
	file=$BUILD/$name
	readelf -hW "$file" >"$TMP/header"
	readelf -lW "$file" >"$TMP/segments"
	readelf -dW "$file" >"$TMP/dynamic"
	readelf -sW "$file" >"$TMP/symbols"
	like "$(cat "$TMP/header")" 'Type: +DYN' "$name: position-independent"
	[[ $name = lib* ]] || like "$(cat "$TMP/dynamic")" 'Flags:.* PIE' "$name: a PIE"
	like "$(cat "$TMP/segments")" 'GNU_RELRO' "$name: relocations read-only"
	like "$(cat "$TMP/dynamic")" 'BIND_NOW|Flags:.*NOW' "$name: all of them, at the start"
	like "$(grep GNU_STACK "$TMP/segments")" ' RW ' "$name: no stack can be executed"
	unlike "$(grep LOAD "$TMP/segments")" ' RWE ' "$name: nothing is written and executed"
	like "$(cat "$TMP/symbols")" '__stack_chk_fail' "$name: stack protector"
	like "$(cat "$TMP/symbols")" '__[a-z]+_chk@' "$name: fortified functions"
	# No note says so: the start files of Debian 12 are built without, and all or none have it.
	if [ "$(uname -m)" = x86_64 ]; then
		[ "$(objdump -d "$file" | grep -c endbr64)" -gt 50 ]
		ok "$name: control-flow protection"
	fi
	unlike "$(cat "$TMP/dynamic")" 'RPATH|RUNPATH|TEXTREL' "$name: no path of its own, no changed text"
done

done_testing
