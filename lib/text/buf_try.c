/*
 * Growable buffers without a rule for the case that there is no memory: libchat reports it, the
 * commands end (buf.c).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/buf.h"

#define CAP_MIN 64

void
chat_buf_free(struct chat_buf *buf)
{
	free(buf->at);
	*buf = (struct chat_buf){.limit = buf->limit};
}

bool
chat_buf_grow(struct chat_buf *buf, size_t cap)
{
	size_t roomy = buf->cap < SIZE_MAX / 2 ? buf->cap * 2 : SIZE_MAX;
	char *at;

	if (roomy < CAP_MIN)
		roomy = CAP_MIN;
	if (buf->limit != 0 && roomy > buf->limit)
		roomy = buf->limit;
	if (cap < roomy)
		cap = roomy;
	at = realloc(buf->at, cap);
	if (!at)
		return false;
	buf->at = at;
	buf->cap = cap;
	return true;
}

bool
chat_buf_passes_limit(const struct chat_buf *buf, size_t len)
{
	return buf->limit != 0 && (buf->len > buf->limit || len > buf->limit - buf->len);
}

bool
chat_buf_try(struct chat_buf *buf, size_t len)
{
	if (len > SIZE_MAX - buf->len)
		return false;
	return (buf->at && len <= buf->cap - buf->len) || chat_buf_grow(buf, buf->len + len);
}

void
chat_buf_drop(struct chat_buf *buf, size_t len)
{
	if (len == 0)
		return;
	buf->len -= len;
	memmove(buf->at, buf->at + len, buf->len);
}
