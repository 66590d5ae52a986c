#ifndef CHAT_TEXT_LINE_H
#define CHAT_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"

/*
 * Reads lines from a file descriptor and skips lines longer than a limit. One function fills the
 * buffer, with one read(2), and another takes lines from it, for use in a poll loop.
 */
struct chat_lines {
	int fd; /* borrowed */
	size_t max_bytes; /* of a line, without its newline */
	size_t read_bytes; /* of one read(2); the caller may set it before the first fill */
	struct chat_buf buf;
	size_t start; /* the offset of the next line in buf */
	size_t scanned; /* there is no newline before this offset */
	uint64_t number; /* of the last line taken or skipped, from 1; see _take_whole */
	bool ended; /* read(2) returned 0 */
	bool skipping; /* the buffer begins within a line that is too long */
};

enum chat_line {
	CHAT_LINE_NONE, /* no whole line is buffered: call chat_lines_fill */
	CHAT_LINE_TAKEN,
	CHAT_LINE_CUT_OFF, /* the last line was taken; it has no newline */
	CHAT_LINE_TOO_LONG, /* a line longer than max_bytes is skipped */
	CHAT_LINE_END /* end of file, and no line is left */
};

void chat_lines_init(struct chat_lines *lines, int fd, size_t max_bytes);
void chat_lines_free(struct chat_lines *lines); /* does not close the descriptor */

/*
 * Calls read(2) once, and again after EINTR. The caller must call it only after _take returned
 * CHAT_LINE_NONE. Returns 1 if bytes were read, 0 at end of file or EAGAIN, -1 with CHAT_IO_ERROR
 * or CHAT_NO_MEMORY.
 */
int chat_lines_fill(struct chat_lines *lines, struct chat_err *err);

/*
 * Takes the next line, without its newline. A CR before the newline remains. *line is set if the
 * result is TAKEN or CUT_OFF, and is valid until the next fill.
 */
enum chat_line chat_lines_take(struct chat_lines *lines, struct chat_span *line);

/*
 * Takes all whole lines that are buffered, with their newlines, and does not copy them: it
 * exchanges the buffers. `into` loses its old content and gets the lines, *whole, followed by
 * CHAT_LINES_PADDING readable bytes. Returns false and changes nothing if there is no whole line,
 * or the buffer begins within a line that is too long; call _take then. Does not change `number`
 * and does not check max_bytes.
 */
#define CHAT_LINES_PADDING 64
bool chat_lines_take_whole(
	struct chat_lines *lines, struct chat_buf *into, struct chat_span *whole);

/*
 * Exchanges the buffer with buf; buf loses its old content, and the bytes that were not taken are
 * moved to the new buffer. Each thread that reads lends its own buffer, so that the bytes are in
 * the cache of its processor.
 */
void chat_lines_lend(struct chat_lines *lines, struct chat_buf *buf);

/* Waits for the next line or the end, and sets *what to it. Returns 0, or -1 with CHAT_IO_ERROR. */
int chat_lines_next(struct chat_lines *lines, struct chat_span *line, enum chat_line *what,
	struct chat_err *err);

/*
 * Waits until fd is ready for events of poll(2), because another process may have made the open
 * file non-blocking. Returns 0, or -1 with CHAT_IO_ERROR.
 */
int chat_wait_for(int fd, short events, struct chat_err *err);

/*
 * Writes all bytes with as many write(2) as needed; waits if the descriptor is non-blocking and
 * full. Returns 0, or -1 with CHAT_IO_ERROR and errno.
 */
int chat_write_all(int fd, const void *bytes, size_t len, struct chat_err *err);

#endif
