/*
 * Reads lines of NDJSON from a descriptor: standard input, logs, --stdin. The buffer never contains
 * more than one line of max_bytes and the bytes of one read(2).
 */
#include "text/line.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "text/err.h"

#define READ_BYTES (64 * 1024)

/* Fails with the sentence of errno, in English whatever the locale, where the C library has it. */
static int
fail_errno(struct chat_err *err)
{
#if defined(__GLIBC__) && __GLIBC_MINOR__ >= 32
	const char *text = strerrordesc_np(errno);
#else
	const char *text = strerror(errno);
#endif

	return chat_fail(err, CHAT_IO_ERROR, "%s", text ? text : "unknown error");
}

void
chat_lines_init(struct chat_lines *lines, int fd, size_t max_bytes)
{
	*lines = (struct chat_lines){.fd = fd, .max_bytes = max_bytes, .read_bytes = READ_BYTES};
}

void
chat_lines_free(struct chat_lines *lines)
{
	chat_buf_free(&lines->buf);
}

/* Moves the bytes that were not taken to the front of the buffer. */
static void
lines_compact(struct chat_lines *lines)
{
	chat_buf_drop(&lines->buf, lines->start);
	lines->scanned -= lines->start;
	lines->start = 0;
}

int
chat_lines_fill(struct chat_lines *lines, struct chat_err *err)
{
	size_t room = lines->read_bytes, most = room + CHAT_LINES_PADDING;
	ssize_t got;

	if (lines->ended)
		return 0;
	lines_compact(lines);
	lines->buf.limit = lines->max_bytes < SIZE_MAX - most ? lines->max_bytes + most : SIZE_MAX;
	if (chat_buf_passes_limit(&lines->buf, most))
		return chat_fail(err, CHAT_INTERNAL, "filled again before the lines were taken");
	if (!chat_buf_try(&lines->buf, most))
		return chat_fail(err, CHAT_NO_MEMORY, "out of memory");
	do
		got = read(lines->fd, lines->buf.at + lines->buf.len, room);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (got < 0)
		return fail_errno(err);
	lines->ended = got == 0;
	lines->buf.len += (size_t)got;
	return got > 0;
}

/* Empties the buffer, which contains only a part of a line that is too long. */
static void
lines_forget(struct chat_lines *lines)
{
	lines->buf.len = lines->start = lines->scanned = 0;
}

/* Returns the newline of the line that begins at `start`, or NULL if it is not in the buffer. Moves
 * `scanned` past it, or to the end of the buffer. */
static const char *
lines_find_newline(struct chat_lines *lines)
{
	size_t left = lines->buf.len - lines->scanned;
	const char *newline = NULL;

	if (left > 0)
		newline = memchr(lines->buf.at + lines->scanned, '\n', left);
	lines->scanned = newline ? (size_t)(newline - lines->buf.at) + 1 : lines->buf.len;
	return newline;
}

/* Skips the rest of a line that is too long. Returns false if its end is not in the buffer. */
static bool
lines_skip(struct chat_lines *lines)
{
	if (!lines_find_newline(lines)) {
		lines_forget(lines);
		return false;
	}
	lines->start = lines->scanned;
	lines->skipping = false;
	return true;
}

/* Decides what to return if the buffer has no newline. */
static enum chat_line
lines_take_rest(struct chat_lines *lines, struct chat_span *line)
{
	size_t len = lines->buf.len - lines->start;

	if (len > lines->max_bytes) {
		lines_forget(lines);
		lines->skipping = true;
		lines->number++;
		return CHAT_LINE_TOO_LONG;
	}
	if (!lines->ended)
		return CHAT_LINE_NONE;
	if (len == 0)
		return CHAT_LINE_END;
	*line = (struct chat_span){lines->buf.at + lines->start, len};
	lines->start = lines->buf.len;
	lines->number++;
	return CHAT_LINE_CUT_OFF;
}

enum chat_line
chat_lines_take(struct chat_lines *lines, struct chat_span *line)
{
	const char *newline, *begin;

	if (lines->skipping && !lines_skip(lines))
		return lines->ended ? CHAT_LINE_END : CHAT_LINE_NONE;
	newline = lines_find_newline(lines);
	if (!newline)
		return lines_take_rest(lines, line);
	begin = lines->buf.at + lines->start;
	lines->start = lines->scanned;
	lines->number++;
	if ((size_t)(newline - begin) > lines->max_bytes)
		return CHAT_LINE_TOO_LONG;
	*line = (struct chat_span){begin, (size_t)(newline - begin)};
	return CHAT_LINE_TAKEN;
}

int
chat_wait_for(int fd, short events, struct chat_err *err)
{
	struct pollfd waiting = {.fd = fd, .events = events};

	while (poll(&waiting, 1, -1) < 0)
		if (errno != EINTR)
			return fail_errno(err);
	return 0;
}

int
chat_lines_next(struct chat_lines *lines, struct chat_span *line, enum chat_line *what,
	struct chat_err *err)
{
	int filled;

	while ((*what = chat_lines_take(lines, line)) == CHAT_LINE_NONE) {
		filled = chat_lines_fill(lines, err);
		if (filled == 0 && !lines->ended)
			filled = chat_wait_for(lines->fd, POLLIN, err);
		if (filled < 0)
			return -1;
	}
	return 0;
}
