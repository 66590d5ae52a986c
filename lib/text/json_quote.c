/* Writes JSON strings. */
#include "text/json_quote.h"

/* Returns the letter after the backslash for this byte; 0 if it has no such escape. */
static char
letter_of(char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		return byte;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static void
append_escape(struct chat_buf *out, char byte)
{
	char escape[2] = {'\\', letter_of(byte)};

	if (escape[1])
		chat_buf_append(out, escape, sizeof(escape));
	else
		chat_buf_printf(out, "\\u%04x", (unsigned)byte);
}

void
chat_json_quote(struct chat_buf *out, struct chat_span text)
{
	const char *at = text.at, *end = text.len ? at + text.len : at;

	chat_buf_append(out, "\"", 1);
	while (at < end) {
		const char *plain = at;

		while (at < end && (unsigned char)*at >= ' ' && *at != '"' && *at != '\\')
			at++;
		if (at > plain)
			chat_buf_append(out, plain, (size_t)(at - plain));
		if (at < end)
			append_escape(out, *at++);
	}
	chat_buf_append(out, "\"", 1);
}
