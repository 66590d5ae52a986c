#ifndef VALIDATE_WRITER_H
#define VALIDATE_WRITER_H

#include <stdbool.h>

#include "chat/span.h"
#include "command/progress.h"
#include "text/buf.h"

/*
 * Gathers bytes for a descriptor and writes them in large pieces. A failed write ends the program:
 * by SIGPIPE if nobody reads the descriptor any more, else with exit status 74.
 */
struct writer {
	int fd; /* borrowed */
	const char *name; /* the name of fd in error messages, e.g. "stdout"; borrowed */
	struct chat_buf buf; /* gathered bytes; after appending, call writer_settle() */
	struct chat_progress *progress; /* hidden before each write; borrowed; NULL: none */
	bool owes_newline; /* the last line had no newline: one is written before the next line */
};

void writer_init(struct writer *writer, int fd, const char *name);
void writer_free(struct writer *writer);

/* Appends a line; newline: with its newline. A missing newline is added before the next line. */
void writer_line(struct writer *writer, struct chat_span line, bool newline);

/* Writes the gathered bytes if they are at least 64 KiB. */
void writer_settle(struct writer *writer);

/* Writes the gathered bytes. */
void writer_flush(struct writer *writer);

/*
 * Waits until fd can be read. Dies by SIGPIPE if nobody reads the descriptor of the writer any
 * more.
 */
void writer_wait(const struct writer *writer, int fd);

#endif
