#ifndef SERVE_JOURNAL_READ_LINES_H
#define SERVE_JOURNAL_READ_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index.h"
#include "text/buf.h"

/*
 * Called for each line. text: the line without newline, valid during the call. Returns 0, or -1 to
 * end the reading.
 */
typedef int lines_on_line(void *arg, const struct position *position, struct chat_span text);

/*
 * Reads the lines at these positions, which must ascend, and compares each with its checksum. fd:
 * the segment's file of lines. Returns 0; or -1 with *bad set to the position of a line with a
 * wrong checksum, or with *bad NULL if the file could not be read or on_line returned -1.
 */
int lines_read(int fd, const struct position *positions, size_t count, lines_on_line *on_line,
	void *arg, const struct position **bad, struct chat_err *err);

/*
 * Returns the number of positions, from the first on, that are read with one pread(2): the gaps
 * between them are small, and together they have at most PIECE_BYTES, unless the first line is
 * longer. Sets *len to the bytes from the start of the first line to the end of the last. count
 * must not be 0.
 */
size_t lines_piece(const struct position *positions, size_t count, size_t *len);

/*
 * Replaces the content of buf by the len bytes at offset `at`. Returns 0, or -1 with errno; EIO if
 * the file is shorter.
 */
int lines_read_piece(int fd, struct chat_buf *buf, size_t len, uint64_t at);

#endif
