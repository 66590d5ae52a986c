#ifndef CHAT_TEXT_BUF_H
#define CHAT_TEXT_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * A growable buffer with an optional limit. A zero-initialised buffer is empty and has no limit.
 * Invariants: len <= cap; len <= limit if limit is not 0; at is NULL only if cap is 0.
 * Functions fail only at the limit; if there is no memory, they abort the process.
 */
struct chat_buf {
	char *at;
	size_t len;
	size_t cap;
	size_t limit; /* in bytes; 0: no limit */
};

/* Frees the memory. The buffer is then empty and usable, with the same limit. */
void chat_buf_free(struct chat_buf *buf);

/*
 * Makes space for len more bytes. Returns a pointer to this space, or NULL if the bytes would
 * exceed the limit. The caller writes the bytes and adds their number to buf->len. Does not return
 * NULL if len is 0 and the buffer is within its limit.
 */
char *chat_buf_reserve(struct chat_buf *buf, size_t len);

/*
 * These append bytes, which must not be in buf. They return 0; or -1, with the contents of buf
 * unchanged, if the bytes would exceed the limit.
 */
int chat_buf_append(struct chat_buf *buf, const void *bytes, size_t len);
int chat_buf_append_span(struct chat_buf *buf, struct chat_span span);
int chat_buf_append_string(struct chat_buf *buf, const char *string);
int chat_buf_printf(struct chat_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Removes the first len bytes and moves the rest to the front. len must not exceed buf->len. */
void chat_buf_drop(struct chat_buf *buf, size_t len);

/*
 * The parts of these functions that do not abort, in buf_try.c. chat_buf_passes_limit returns true
 * if len more bytes would exceed the limit. chat_buf_try makes space for len more bytes, whatever
 * the limit; chat_buf_grow allocates at least cap bytes, which may exceed the limit by one, for the
 * NUL that vsnprintf writes. They return false if there is no memory; buf is then unchanged.
 */
bool chat_buf_passes_limit(const struct chat_buf *buf, size_t len);
bool chat_buf_try(struct chat_buf *buf, size_t len);
bool chat_buf_grow(struct chat_buf *buf, size_t cap);

static inline struct chat_span
chat_buf_span(const struct chat_buf *buf)
{
	return (struct chat_span){buf->at, buf->len};
}

/* Reports on stderr why it is impossible to go on, and aborts the process. */
_Noreturn void chat_abort(const char *why);

/* The same, where there is no memory. */
_Noreturn void chat_out_of_memory(void);

/* Returns a pointer that another library allocated; aborts the process if it is NULL. */
static inline void *
chat_need(void *made)
{
	if (!made)
		chat_out_of_memory();
	return made;
}

/*
 * As malloc(3), calloc(3), realloc(3), strdup(3) and strndup(3), but they abort the process if
 * there is no memory, and chat_strndup copies len bytes even if one of them is 0.
 */
void *chat_alloc(size_t size);
void *chat_alloc_zeroed(size_t count, size_t size);
void *chat_realloc(void *old, size_t size);
char *chat_strdup(const char *string);
char *chat_strndup(const char *bytes, size_t len);

#endif
