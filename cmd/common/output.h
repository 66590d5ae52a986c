#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"

/*
 * Lines that are written to a descriptor, usually stdout. Writing never blocks the poll loop and
 * never changes the flags of a descriptor that other processes share. Each write(2) has whole
 * lines; into a pipe lines of up to PIPE_BUF bytes go atomically, so that several writers may share
 * it.
 */
struct output {
	int fd;
	bool own; /* fd was opened here, and is closed here */
	bool socket; /* fd is a socket, written with MSG_DONTWAIT */
	bool regular; /* fd is a regular file */
	bool torn; /* the file ends within a line: a newline is written first */
	size_t piece_bytes; /* of a write(2), at most, unless one line is longer */
	size_t full_bytes; /* it is full if more bytes are pending */
	struct chat_buf buf;
	size_t start; /* the number of bytes at the front of buf that are written */
	uint64_t written; /* bytes, in all */
};

/* Begins to write to fd, which must stay open. */
void output_open(struct output *output, int fd);
void output_close(struct output *output);

/*
 * Looks if the file ends within a line, because the disk was full or a process was killed: then a
 * newline is written before the next line.
 */
void output_mend(struct output *output);

/* Appends a line and a newline. Nothing is written before output_flush(). */
void output_line(struct output *output, struct chat_span line);

/* Drops what is not written. */
void output_discard(struct output *output);

/* Returns the buffer, to append a line with its newline in place. */
static inline struct chat_buf *
output_buf(struct output *output)
{
	return &output->buf;
}

static inline size_t
output_pending_bytes(const struct output *output)
{
	return output->buf.len - output->start;
}

/* Returns the number of bytes, in all, written and pending. */
static inline uint64_t
output_end(const struct output *output)
{
	return output->written + output_pending_bytes(output);
}

/* Returns the number of lines that are not written to their end. */
size_t output_pending_lines(const struct output *output);

/* Returns true if the reader cannot keep up. Ask after output_flush(). */
static inline bool
output_is_full(const struct output *output)
{
	return output_pending_bytes(output) > output->full_bytes;
}

/*
 * Writes as much as possible without waiting. Returns 1 if all is written, or 0 if fd must be
 * polled for POLLOUT, or -1 with CHAT_IO_ERROR: a line that was written in part is then removed
 * from a regular file. errno is EPIPE if nobody reads fd any more; poll(2) tells that as POLLERR,
 * even with no events set.
 */
int output_flush(struct output *output, struct chat_err *err);

/*
 * Truncates a regular file to the end of the first `written` bytes of this output. Returns false if
 * that cannot be done, as when another process has appended to it. Call output_discard()
 * afterwards.
 */
bool output_retract(struct output *output, uint64_t written);

#endif
