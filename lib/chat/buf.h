#ifndef CHAT_BUF_H
#define CHAT_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * A growable buffer with an optional limit. Zero-initialised it is empty and has no limit.
 * Invariants: len <= cap; len <= limit if limit is not 0; at is NULL only if cap is 0.
 * Functions fail only at the limit; without memory they abort the process.
 */
struct chat_buf {
	char *at;
	size_t len;
	size_t cap;
	size_t limit; /* in bytes; 0: no limit */
};

void chat_buf_free(struct chat_buf *buf); /* it is empty and usable afterwards, with its limit */

/*
 * Makes space for len more bytes. Returns the place for them, or NULL if they would exceed the
 * limit. The caller writes there and adds to buf->len. Never returns NULL if len is 0.
 */
char *chat_buf_reserve(struct chat_buf *buf, size_t len);

/* Appends bytes, which must not be in buf. Returns 0, or -1 with buf unchanged at the limit. */
int chat_buf_append(struct chat_buf *buf, const void *bytes, size_t len);
int chat_buf_append_span(struct chat_buf *buf, struct chat_span span);
int chat_buf_append_string(struct chat_buf *buf, const char *string);
int chat_buf_printf(struct chat_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Removes the first len bytes; the rest moves to the front. */
void chat_buf_drop(struct chat_buf *buf, size_t len);

static inline struct chat_span
chat_buf_span(const struct chat_buf *buf)
{
	return (struct chat_span){buf->at, buf->len};
}

/* Reports on stderr that there is no memory, and aborts the process. */
_Noreturn void chat_out_of_memory(void);

/* Returns the pointer, which another library allocated; aborts as above if it is NULL. */
static inline void *
chat_need(void *made)
{
	if (!made)
		chat_out_of_memory();
	return made;
}

/* As malloc(3), calloc(3), realloc(3) and strdup(3), but abort as above when there is no memory. */
void *chat_alloc(size_t size);
void *chat_alloc_zeroed(size_t count, size_t size);
void *chat_realloc(void *old, size_t size);
char *chat_strdup(const char *string);
char *chat_strndup(const char *bytes, size_t len);

#endif
