#ifndef SERVE_JOURNAL_READ_LINES_H
#define SERVE_JOURNAL_READ_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index.h"

/* Called for each line, with its text without newline, valid during the call. -1 ends the reading.
 */
typedef int lines_on_line(void *arg, const struct position *position, struct chat_span text);

/*
 * Reads the lines at these positions, ascending, of a segment's file, and compares each with its
 * checksum. Returns 0; -1 if on_line returned it; -1 with *bad set to the position whose checksum
 * differs, or with *bad NULL if the file could not be read.
 */
int lines_read(int fd, const struct position *positions, size_t count, lines_on_line *on_line,
	void *arg, const struct position **bad, struct chat_err *err);

/*
 * Returns how many of the positions, from the first on, are read with one pread(2): the gaps
 * between them are small, and together they have at most PIECE_BYTES, unless one line is longer.
 * Sets *len to the bytes from the start of the first line to the end of the last.
 */
size_t lines_piece(const struct position *positions, size_t count, size_t *len);

/* Reads exactly len bytes at that offset into buf. Returns 0, or -1 with errno. */
int lines_read_piece(int fd, struct chat_buf *buf, size_t len, uint64_t at);

#endif
