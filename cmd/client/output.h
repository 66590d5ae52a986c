#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"

/*
 * Lines on their way to stdout. Writing never blocks the poll loop, and never changes the flags of
 * a descriptor that others hold too. A write(2) takes whole lines; into a pipe those of up to
 * PIPE_BUF bytes go atomically, so that several writers may share one.
 */
struct output {
	int fd;
	bool own; /* fd was opened here */
	bool socket; /* written with MSG_DONTWAIT */
	size_t piece_bytes;
	bool regular; /* a file on a disk */
	bool torn; /* it ends within a line: the next one begins on its own */
	size_t full_bytes; /* pending, above which nothing more is to be read for it */
	struct chat_buf buf;
	size_t start; /* what is written of buf */
	uint64_t written; /* bytes, ever */
};

/* Takes fd, which must stay open. */
void output_open(struct output *output, int fd);
void output_close(struct output *output);

/*
 * Looks how the file ends that lines are to be appended to: where that is within a line, because
 * the disk was full or a process was killed, a newline is written before the next one.
 */
void output_mend(struct output *output);

/* Appends a line; the newline is added. Nothing is written before output_flush. */
void output_line(struct output *output, struct chat_span line);

/* Forgets what is not written. */
void output_discard(struct output *output);

/* Room for a line built in place: append to it, the newline too. */
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

/* The number of bytes, ever, with those that wait: they are written when output->written is that.
 */
static inline uint64_t
output_end(const struct output *output)
{
	return output->written + output_pending_bytes(output);
}

/* Lines of which not all is written. */
size_t output_pending_lines(const struct output *output);

/* Its reader cannot keep up. Meaningful after output_flush: what is pending then waits for it. */
static inline bool
output_is_full(const struct output *output)
{
	return output_pending_bytes(output) > output->full_bytes;
}

/*
 * Writes what goes without waiting. 1: all of it; 0: poll fd for POLLOUT; -1: CHAT_IO_ERROR; of a
 * line that was cut a regular file then has nothing.
 * Where the reader is gone errno is EPIPE. With fd in a poll set (events may be 0) POLLERR says
 * that the reader is gone before anything is written.
 */
int output_flush(struct output *output, struct chat_err *err);

/*
 * Takes back what was written behind so many bytes, so that a regular file ends there, where nobody
 * has written behind it. False: it stays. To be followed by output_discard.
 */
bool output_retract(struct output *output, uint64_t written);

#endif
