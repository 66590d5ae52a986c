#ifndef VALIDATE_OUTPUT_H
#define VALIDATE_OUTPUT_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/span.h"
#include "command/progress.h"

/*
 * Bytes for a descriptor, gathered and written in big pieces. A descriptor that takes no more ends
 * the program: a gone reader by SIGPIPE, a full disk with 74.
 */
struct output {
	int fd;
	const char *name; /* for the diagnostic: "stdout" */
	struct chat_buf buf;
	struct chat_progress *progress; /* hidden before anything is written; may be NULL */
	bool owes_newline; /* the last line had none, and is not the last after all */
};

/* Where to append whole lines; output_line and output_settle write them when they are many. */
void output_init(struct output *output, int fd, const char *name);
void output_free(struct output *output);

/* Passes a line on as it came, with its newline or without. */
void output_line(struct output *output, struct chat_span line, bool newline);

/* Writes what has gathered, if it is much. */
void output_settle(struct output *output);

/* Writes what has gathered. */
void output_flush(struct output *output);

/* Waits until fd has something to read. A reader of the output that goes away ends the program. */
void output_wait(const struct output *output, int fd);

#endif
