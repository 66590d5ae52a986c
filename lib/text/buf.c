/*
 * Growable buffers, and allocations that abort the process if there is no memory. The limit of a
 * buffer bounds the memory that a peer can make us use.
 */
#include "text/buf.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void
grow(struct chat_buf *buf, size_t cap)
{
	if (!chat_buf_grow(buf, cap))
		chat_out_of_memory();
}

char *
chat_buf_reserve(struct chat_buf *buf, size_t len)
{
	if (chat_buf_passes_limit(buf, len))
		return NULL;
	if (!chat_buf_try(buf, len))
		chat_out_of_memory();
	return buf->at + buf->len;
}

int
chat_buf_append(struct chat_buf *buf, const void *bytes, size_t len)
{
	char *to = chat_buf_reserve(buf, len);

	if (!to)
		return -1;
	if (len != 0)
		memcpy(to, bytes, len);
	buf->len += len;
	return 0;
}

int
chat_buf_append_span(struct chat_buf *buf, struct chat_span span)
{
	return chat_buf_append(buf, span.at, span.len);
}

int
chat_buf_append_string(struct chat_buf *buf, const char *string)
{
	return chat_buf_append(buf, string, strlen(string));
}

int
chat_buf_printf(struct chat_buf *buf, const char *format, ...)
{
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (len < 0 || chat_buf_passes_limit(buf, (size_t)len))
		return -1;
	if ((size_t)len >= buf->cap - buf->len)
		grow(buf, buf->len + (size_t)len + 1);
	va_start(list, format);
	vsnprintf(buf->at + buf->len, (size_t)len + 1, format, list);
	va_end(list);
	buf->len += (size_t)len;
	return 0;
}

void
chat_abort(const char *why)
{
	const struct iovec line[] = {
		{program_invocation_short_name, strlen(program_invocation_short_name)},
		{(char *)": ", 2},
		{(char *)why, strlen(why)},
		{(char *)"\n", 1},
	};
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t told = poll(&room, 1, 0) == 1 ? writev(STDERR_FILENO, line, 4) : 0;

	(void)told; /* a failed write cannot be reported anywhere else */
	abort();
}

void
chat_out_of_memory(void)
{
	chat_abort("out of memory");
}

void *
chat_alloc(size_t size)
{
	return chat_realloc(NULL, size);
}

void *
chat_alloc_zeroed(size_t count, size_t size)
{
	void *new = calloc(count ? count : 1, size ? size : 1);

	if (!new)
		chat_out_of_memory();
	return new;
}

void *
chat_realloc(void *old, size_t size)
{
	void *new = realloc(old, size ? size : 1);

	if (!new)
		chat_out_of_memory();
	return new;
}

char *
chat_strdup(const char *string)
{
	return chat_strndup(string, strlen(string));
}

char *
chat_strndup(const char *bytes, size_t len)
{
	char *copy = chat_alloc(len + 1);

	if (len != 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}
