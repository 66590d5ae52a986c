#ifndef CHAT_LINE_H
#define CHAT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"

/*
 * Lines out of a file descriptor, whatever pieces they come in, none longer than a limit.
 * Filling (one read(2)) and taking are separate, so that a poll loop can use it.
 */
struct chat_lines {
	int fd; /* borrowed */
	size_t max_bytes; /* of a line, without its newline */
	size_t read_bytes; /* of a read(2); may be set before the first fill */
	struct chat_buf buf;
	size_t start; /* where the next line begins in buf */
	size_t scanned; /* no newline before this */
	uint64_t number; /* of the line taken last, from 1 */
	bool ended; /* read(2) gave 0 */
	bool skipping; /* inside a line that was too long */
};

enum chat_line {
	CHAT_LINE_NONE, /* fill first */
	CHAT_LINE_TAKEN,
	CHAT_LINE_CUT_OFF, /* taken: the last one, without its newline */
	CHAT_LINE_TOO_LONG, /* skipped; said once for each */
	CHAT_LINE_END /* nothing will come any more */
};

void chat_lines_init(struct chat_lines *lines, int fd, size_t max_bytes);
void chat_lines_free(struct chat_lines *lines); /* does not close the descriptor */

/*
 * One read(2), EINTR retried; only after _take said CHAT_LINE_NONE. 1: bytes came; 0: end of file,
 * or EAGAIN; -1: CHAT_IO_ERROR.
 */
int chat_lines_fill(struct chat_lines *lines, struct chat_err *err);

/* The next whole line, without its newline (a CR before it stays); valid until the next fill. */
enum chat_line chat_lines_take(struct chat_lines *lines, struct chat_span *line);

/*
 * All the whole lines that are buffered, at once and with their newlines, without a copy: `into`
 * (the caller's, its old content forgotten) becomes the buffer that *whole lies in, with
 * CHAT_LINES_PADDING bytes behind that may be read. False, and nothing changed, where there are
 * none or a line that is too long has not ended: then _take. It counts and measures no lines.
 */
#define CHAT_LINES_PADDING 64
bool chat_lines_take_whole(
	struct chat_lines *lines, struct chat_buf *into, struct chat_span *whole);

/*
 * From now on buf is read into: what is buffered moves there, and buf becomes the buffer so far.
 * So a thread that reads finds the bytes in the cache of its own processor.
 */
void chat_lines_lend(struct chat_lines *lines, struct chat_buf *buf);

/* Fills and takes, blocking, until there is a line or the end. -1 as in fill. */
int chat_lines_next(struct chat_lines *lines, struct chat_span *line, enum chat_line *what,
	struct chat_err *err);

/*
 * write(2) all of it: short writes and EINTR continued, a non-blocking descriptor polled.
 * -1: CHAT_IO_ERROR, its text from errno (EPIPE is errno's too and stays in errno).
 */
int chat_write_all(int fd, const void *bytes, size_t len, struct chat_err *err);

#endif
