#ifndef CHAT_LINE_H
#define CHAT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"

/*
 * Reads lines from a file descriptor, none longer than a limit. Filling the buffer, with one
 * read(2), and taking lines from it are separate functions, for use in a poll loop.
 */
struct chat_lines {
	int fd; /* borrowed */
	size_t max_bytes; /* of a line, without its newline */
	size_t read_bytes; /* of one read(2); the caller may set it before the first fill */
	struct chat_buf buf;
	size_t start; /* the offset of the next line in buf */
	size_t scanned; /* there is no newline before this offset */
	uint64_t number; /* of the last line taken, counted from 1 */
	bool ended; /* read(2) returned 0 */
	bool skipping; /* the buffer begins within a line that is too long */
};

enum chat_line {
	CHAT_LINE_NONE, /* no whole line is buffered: call fill */
	CHAT_LINE_TAKEN,
	CHAT_LINE_CUT_OFF, /* the last line, which has no newline */
	CHAT_LINE_TOO_LONG, /* the line is skipped; returned once for each */
	CHAT_LINE_END /* end of file, and no line is left */
};

void chat_lines_init(struct chat_lines *lines, int fd, size_t max_bytes);
void chat_lines_free(struct chat_lines *lines); /* does not close the descriptor */

/*
 * Calls read(2) once, again at EINTR. To be called only after _take returned CHAT_LINE_NONE.
 * Returns 1 if bytes came, 0 at end of file or EAGAIN, -1 with CHAT_IO_ERROR.
 */
int chat_lines_fill(struct chat_lines *lines, struct chat_err *err);

/* Takes the next line, without its newline but with a CR before it; valid until the next fill. */
enum chat_line chat_lines_take(struct chat_lines *lines, struct chat_span *line);

/*
 * Takes all whole lines that are buffered, with their newlines, without a copy: `into`, whose old
 * content is dropped, becomes the buffer that contains *whole, followed by CHAT_LINES_PADDING
 * readable bytes. Returns false and changes nothing if there is no whole line, or the buffer begins
 * within a line that is too long; call _take then. Lines are not counted or measured.
 */
#define CHAT_LINES_PADDING 64
bool chat_lines_take_whole(
	struct chat_lines *lines, struct chat_buf *into, struct chat_span *whole);

/*
 * Exchanges the buffer with buf and moves the buffered bytes. A thread that reads uses its own
 * buffer, so that the bytes are in the cache of its processor.
 */
void chat_lines_lend(struct chat_lines *lines, struct chat_buf *buf);

/* Blocks until there is a line or the end, and takes it. Returns -1 as fill does. */
int chat_lines_next(struct chat_lines *lines, struct chat_span *line, enum chat_line *what,
	struct chat_err *err);

/*
 * Writes all bytes with write(2), however many calls that takes; polls a non-blocking descriptor.
 * Returns 0, or -1 with CHAT_IO_ERROR and errno.
 */
int chat_write_all(int fd, const void *bytes, size_t len, struct chat_err *err);

#endif
