/*
 * JSON changed without reading it again.
 */
#include "splice.h"

#include <stdbool.h>

void
splice_member(struct chat_buf *out, struct chat_span object, struct chat_span member)
{
	while (object.len > 0 && object.at[object.len - 1] != '}')
		object.len--;
	chat_buf_append(out, object.at, object.len - 1);
	chat_buf_append(out, ",", 1);
	chat_buf_append_span(out, member);
	chat_buf_append(out, "}", 1);
}

struct chat_span
compact_line(struct chat_buf *out, struct chat_span text)
{
	bool inside = false;
	char *to;

	out->len = 0;
	to = chat_buf_reserve(out, text.len);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (inside && c == '\\' && i + 1 < text.len)
			*to++ = text.at[i++];
		else if (c == '"')
			inside = !inside;
		else if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		*to++ = text.at[i];
	}
	out->len = (size_t)(to - out->at);
	return chat_buf_span(out);
}
