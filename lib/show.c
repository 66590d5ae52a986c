/*
 * Text for people's terminals. Names, messages and errors come from strangers and can carry escape
 * sequences, newlines that forge a line, overrides that turn it around: shown here, never obeyed.
 */
#include "show.h"

#include "utf8.h"

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

/* One code point, whose bytes are given too. */
static int
show_point(struct chat_buf *out, uint32_t point, struct chat_span bytes)
{
	if (!chat_utf8_is_control(point))
		return chat_buf_append_span(out, bytes);
	if (point < 0x80)
		return show_byte(out, (unsigned char)point);
	return chat_buf_printf(out, "\\u%04x", (unsigned)point);
}

void
chat_show(struct chat_buf *out, struct chat_span text)
{
	const char *at = text.at, *end = text.at + text.len, *valid;
	uint32_t point;
	size_t len;

	while (at < end) {
		valid = at + chat_utf8_check(at, (size_t)(end - at));
		for (; at < valid; at += len) {
			point = chat_utf8_decode(at, &len);
			if (show_point(out, point, (struct chat_span){at, len}) < 0)
				return;
		}
		if (at < end && show_byte(out, (unsigned char)*at++) < 0)
			return;
	}
}
