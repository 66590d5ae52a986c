#ifndef VALIDATE_WRITER_H
#define VALIDATE_WRITER_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/span.h"
#include "command/progress.h"

/*
 * Gathers bytes for a descriptor and writes them in big pieces. A failed write ends the program: by
 * SIGPIPE if nobody reads the descriptor any more, with exit status 74 for any other error.
 */
struct writer {
	int fd; /* borrowed */
	const char *name; /* of fd in an error message: "stdout"; borrowed */
	struct chat_buf buf; /* whole lines; a caller may append some and call writer_settle */
	struct chat_progress *progress; /* hidden before a write; NULL: there is none; borrowed */
	bool owes_newline; /* the last line had no newline; one is put before the next line */
};

void writer_init(struct writer *writer, int fd, const char *name);
void writer_free(struct writer *writer);

/* Appends a line as it came, with its newline or without. */
void writer_line(struct writer *writer, struct chat_span line, bool newline);

/* Writes the bytes that have gathered if they are many. */
void writer_settle(struct writer *writer);

/* Writes the bytes that have gathered. */
void writer_flush(struct writer *writer);

/*
 * Waits until fd can be read. Ends the program by SIGPIPE when nobody reads the writer's descriptor
 * any more.
 */
void writer_wait(const struct writer *writer, int fd);

#endif
