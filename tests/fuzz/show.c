/*
 * Any bytes on a terminal: the result is one line of UTF-8 without control characters, and equals
 * the input if nothing had to be escaped.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "text/show.h"
#include "text/utf8.h"

static bool
is_harmless(struct chat_span text, bool is_name)
{
	size_t len;

	if (text.len && chat_utf8_check(text.at, text.len) != text.len)
		return false;
	for (size_t at = 0; at < text.len; at += len) {
		uint32_t point = chat_utf8_decode(text.at + at, &len);

		if (chat_utf8_is_control(point) || (is_name && chat_utf8_is_invisible(point)))
			return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span text = {(const char *)data, size};
	struct chat_buf whole = {0}, name = {0}, short_one = {.limit = 40};

	chat_show(&whole, text);
	need(is_harmless(chat_buf_span(&whole), false));
	need(!is_harmless(text, false) || chat_span_equal(chat_buf_span(&whole), text));
	chat_show_name(&name, text);
	need(is_harmless(chat_buf_span(&name), true));
	need(!is_harmless(text, true) || chat_span_equal(chat_buf_span(&name), text));
	chat_show(&short_one, text);
	need(short_one.len <= 40 && is_harmless(chat_buf_span(&short_one), false));
	chat_buf_free(&whole);
	chat_buf_free(&name);
	chat_buf_free(&short_one);
	return 0;
}
