/*
 * Any bytes as the HTTP response of a server that is not a chat server: its description is one line
 * without control characters, short enough for an error; and a body that is long enough for the
 * description stays so when more of it arrives.
 */
#include "wire/refusal.h"

#include "fuzz.h"
#include "text/utf8.h"
#include "wire/http.h"

#define TOLD_MAX 175 /* in bytes; this fits into the text of an error */

static void
check_told(struct chat_span head, struct chat_span body)
{
	struct chat_buf told = {0};

	chat_refusal_describe(&told, head, body);
	need(told.len <= TOLD_MAX && chat_utf8_check(told.at, told.len) == told.len);
	for (size_t at = 0, len; at < told.len; at += len)
		need(!chat_utf8_is_control(chat_utf8_decode(told.at + at, &len)));
	chat_buf_free(&told);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span bytes = {(const char *)data, size};
	size_t scanned = 0, len = chat_http_head_len(bytes, &scanned);
	struct chat_span head = {bytes.at, len}, body = {bytes.at + len, size - len};
	bool whole = false;

	if (!len || len > CHAT_HTTP_HEAD_MAX || body.len > CHAT_REFUSAL_BODY_MAX)
		return 0;
	for (size_t some = 0; some <= body.len; some += 1 + body.len / 64) {
		bool now = chat_refusal_is_whole(head, (struct chat_span){body.at, some});

		need(now || !whole);
		whole = now;
	}
	check_told(head, body);
	return 0;
}
