#ifndef CHAT_BUF_H
#define CHAT_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * Growable bytes with a hard limit. Zero-initialised it is an empty buffer without a limit.
 * Always: len <= cap, and len <= limit where limit is not 0. at is NULL only while cap is 0.
 * Memory that cannot be had aborts; only the limit is reported.
 */
struct chat_buf {
	char *at;
	size_t len;
	size_t cap;
	size_t limit; /* bytes; 0: none */
};

void chat_buf_free(struct chat_buf *buf); /* leaves it empty and usable, its limit kept */

/*
 * Room for len more bytes: where they go, or NULL when that would pass the limit. The caller writes
 * there and adds to buf->len; never NULL for len 0 within the limit.
 */
char *chat_buf_reserve(struct chat_buf *buf, size_t len);

/* 0, or -1 with the buffer unchanged when the limit would be passed. bytes lie outside of buf. */
int chat_buf_append(struct chat_buf *buf, const void *bytes, size_t len);
int chat_buf_append_span(struct chat_buf *buf, struct chat_span span);
int chat_buf_append_string(struct chat_buf *buf, const char *string);
int chat_buf_printf(struct chat_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes the first len bytes away; the rest moves to the front. */
void chat_buf_drop(struct chat_buf *buf, size_t len);

static inline struct chat_span
chat_buf_span(const struct chat_buf *buf)
{
	return (struct chat_span){buf->at, buf->len};
}

/* Says so on stderr and aborts: who goes on with a part of what it wanted to know is worse. */
_Noreturn void chat_out_of_memory(void);

/* What somebody else's function has made, or that end where it is NULL for lack of memory. */
static inline void *
chat_need(void *made)
{
	if (!made)
		chat_out_of_memory();
	return made;
}

/* These end there when there is no memory: sizes are bounded elsewhere. */
void *chat_alloc(size_t size);
void *chat_alloc_zeroed(size_t count, size_t size);
void *chat_realloc(void *old, size_t size);
char *chat_strdup(const char *string);
char *chat_strndup(const char *bytes, size_t len);

#endif
