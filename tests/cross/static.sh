#!/bin/bash
#
# `make static`: chat-validate is one file that runs where nothing else is, and libchat.a links with musl.

. tests/lib.sh

static=$BUILD/static
unlike "$(readelf -lW "$static/chat-validate")" 'INTERP|DYNAMIC' 'no loader and no shared library'
like "$(ldd "$static/chat-validate" 2>&1)" 'not a dynamic executable' 'as ldd says'
is "$("$static/chat-validate" --version)" "$(chat-validate --version)" 'its version'
for from in client server input; do
	is "$("$static/chat-validate" --schema --from "$from" | md5sum)" "$(chat-validate --schema --from "$from" | md5sum)" \
		"its schema of $from"
done

mkdir "$TMP/empty"
strip -o "$TMP/empty/chat-validate" "$static/chat-validate"
size=$(stat -c %s "$TMP/empty/chat-validate")
[ "$size" -lt 300000 ]
ok "$size bytes without symbols"
if unshare --user --map-root-user true 2>/dev/null; then
	echo '{"type":"text","text":"hi"}' |
		exits 0 'it runs in a root with nothing else' \
			unshare --user --map-root-user chroot "$TMP/empty" /chat-validate --from client
else
	ok 'it runs in a root with nothing else # SKIP no user namespaces'
fi

cat >"$TMP/program.c" <<'END'
#include <chat/msg.h>

int
main(void)
{
	struct chat_msg msg;
	struct chat_err err;

	if (chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"text\",\"text\":\"hi\"}"), CHAT_FROM_CLIENT, &err) < 0)
		return 1;
	return msg.type == CHAT_TYPE_TEXT ? 0 : 2;
}
END
exits 0 'a program links libchat.a' musl-gcc -static -Ilib -o "$TMP/program" "$TMP/program.c" "$static/libchat.a"
exits 0 'and reads a message' "$TMP/program"

done_testing
