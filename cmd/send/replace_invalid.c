/* --replace: a log may hold any bytes, but only UTF-8 can be sent. */
#include "send/replace_invalid.h"

#include <string.h>

#include "text/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Returns the number of bytes at the front that can be sent. */
static size_t
good_len(struct chat_span text)
{
	const char *nul = text.len ? memchr(text.at, '\0', text.len) : NULL;

	return chat_utf8_check(text.at, nul ? (size_t)(nul - text.at) : text.len);
}

/* Returns how many of the invalid bytes at the front of a text are replaced together. */
static size_t
bad_len(struct chat_span text)
{
	uint32_t state = CHAT_UTF8_ACCEPT;
	size_t len = 0;

	while (len < text.len && text.at[len] != '\0') {
		state = chat_utf8_feed(state, text.at + len, 1);
		if (state == CHAT_UTF8_REJECT)
			break;
		len++;
	}
	return len > 0 ? len : 1;
}

struct chat_span
replace_invalid(struct chat_buf *out, struct chat_span text)
{
	size_t len = good_len(text);

	if (len == text.len)
		return text;
	out->len = 0;
	while (text.len > 0) {
		chat_buf_append(out, text.at, len);
		text = (struct chat_span){text.at + len, text.len - len};
		if (text.len == 0)
			break;
		chat_buf_append_string(out, REPLACEMENT);
		len = bad_len(text);
		text = (struct chat_span){text.at + len, text.len - len};
		len = good_len(text);
	}
	return chat_buf_span(out);
}
