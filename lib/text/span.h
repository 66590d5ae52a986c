#ifndef CHAT_TEXT_SPAN_H
#define CHAT_TEXT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "chat/span.h"

/* Functions on spans that only this project uses; chat/span.h has the others. */

/* Returns the span without white space (space, tab, CR, LF) around it. */
static inline struct chat_span
chat_span_strip(struct chat_span span)
{
	while (span.len > 0 && memchr(" \t\r\n", span.at[0], 4))
		span = (struct chat_span){span.at + 1, span.len - 1};
	while (span.len > 0 && memchr(" \t\r\n", span.at[span.len - 1], 4))
		span.len--;
	return span;
}

/* Returns true if a line contains only spaces, tabs, CR and LF. */
static inline bool
chat_span_is_blank(struct chat_span line)
{
	size_t i = 0;

	while (i < line.len &&
		(line.at[i] == ' ' || line.at[i] == '\t' || line.at[i] == '\r' ||
			line.at[i] == '\n'))
		i++;
	return i == line.len;
}

/* Copies as many bytes of the span to `at` as fit before `end`. Returns the end of the copy. */
static inline char *
chat_span_put(char *at, const char *end, struct chat_span span)
{
	size_t room = (size_t)(end - at), len = span.len < room ? span.len : room;

	return (char *)memcpy(at, span.at, len) + len;
}

#endif
