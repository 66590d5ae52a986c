#ifndef CHAT_SPAN_H
#define CHAT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that another object owns, without a NUL at the end. Valid as long as that object. */
struct chat_span {
	const char *at;
	size_t len;
};

static inline struct chat_span
chat_span_make(const char *at, size_t len)
{
	struct chat_span span;

	span.at = at;
	span.len = len;
	return span;
}

static inline struct chat_span
chat_span_of(const char *string)
{
	return chat_span_make(string, strlen(string));
}

/* The span of a string literal. */
#ifdef __cplusplus
#define CHAT_SPAN(literal) chat_span_make((literal), sizeof(literal) - 1)
#else
#define CHAT_SPAN(literal) ((struct chat_span){(literal), sizeof(literal) - 1})
#endif

static inline bool
chat_span_equal(struct chat_span a, struct chat_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#ifdef __cplusplus
}
#endif

#endif
