/* Writes JSON strings. */
#include "text/json_quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Returns true if one of eight bytes may need an escape. Some that need none are taken for such. */
static bool
may_need_escape(const char *at)
{
	uint64_t word, quote, backslash;

	memcpy(&word, at, sizeof(word));
	quote = word ^ EACH_BYTE('"');
	backslash = word ^ EACH_BYTE('\\');
	return (((word - EACH_BYTE(' ')) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1))) &
		       EACH_BYTE(0x80)) != 0;
}

/* Returns the first byte from `at` that needs an escape, or end. */
static const char *
skip_plain(const char *at, const char *end)
{
	while (end - at >= 8 && !may_need_escape(at))
		at += 8;
	while (at < end && (unsigned char)*at >= ' ' && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Appends a text that needs no escape. */
static void
append_plain(struct chat_buf *out, struct chat_span text)
{
	char *to = chat_buf_reserve(out, text.len + 2);

	if (!to)
		return;
	to[0] = '"';
	if (text.len > 0)
		memcpy(to + 1, text.at, text.len);
	to[text.len + 1] = '"';
	out->len += text.len + 2;
}

void
chat_json_quote(struct chat_buf *out, struct chat_span text)
{
	const char *at = text.at, *end = text.len ? at + text.len : at;

	if (skip_plain(at, end) == end) {
		append_plain(out, text);
		return;
	}
	chat_buf_append(out, "\"", 1);
	while (at < end) {
		const char *plain = at;

		at = skip_plain(at, end);
		if (at > plain)
			chat_buf_append(out, plain, (size_t)(at - plain));
		if (at < end)
			append_escape(out, *at++);
	}
	chat_buf_append(out, "\"", 1);
}
