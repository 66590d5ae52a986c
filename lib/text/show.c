/*
 * Makes text safe for terminals. Names, messages and errors from other people may contain escape
 * sequences, newlines or bidirectional overrides; this file replaces these by visible escapes.
 */
#include "text/show.h"

#include "text/utf8.h"

static int
show_byte(struct chat_buf *out, unsigned char byte)
{
	switch (byte) {
	case '\n':
		return chat_buf_append_string(out, "\\n");
	case '\r':
		return chat_buf_append_string(out, "\\r");
	case '\t':
		return chat_buf_append_string(out, "\\t");
	default:
		return chat_buf_printf(out, "\\x%02x", byte);
	}
}

/* Appends the escape for one code point. */
static int
show_point(struct chat_buf *out, uint32_t point)
{
	if (point < 0x80)
		return show_byte(out, (unsigned char)point);
	return chat_buf_printf(out, point > 0xFFFF ? "\\U%08x" : "\\u%04x", (unsigned)point);
}

static void
show(struct chat_buf *out, struct chat_span text, bool is_name)
{
	const char *at = text.at, *end = text.at + text.len, *valid;
	int status = 0;
	size_t len;

	while (at < end) {
		valid = at + chat_utf8_check(at, (size_t)(end - at));
		for (; at < valid; at += len) {
			uint32_t point = chat_utf8_decode(at, &len);

			if (chat_utf8_is_control(point) ||
				(is_name && chat_utf8_is_invisible(point)))
				status = show_point(out, point);
			else
				status = chat_buf_append(out, at, len);
			if (status < 0)
				return;
		}
		if (at < end && show_byte(out, (unsigned char)*at++) < 0)
			return;
	}
}

void
chat_show(struct chat_buf *out, struct chat_span text)
{
	show(out, text, false);
}

void
chat_show_name(struct chat_buf *out, struct chat_span name)
{
	show(out, name, true);
}
