#ifndef SERVE_UTIL_LINE_WRITER_H
#define SERVE_UTIL_LINE_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/span.h"
#include "text/buf.h"

/*
 * Writes lines to a descriptor that other processes may share, and never waits: the events of all
 * channels to stdout, the server's log to stderr (error_log.h). Lines stay in a buffer while the
 * reader does not read or the disk is full. A line that the buffer has no room for is discarded as
 * a whole, and counted. An empty buffer accepts a line of any length.
 *
 * Other threads than that of the loop may call line_writer_append() and line_writer_flush(), if a
 * lock of the owner's keeps the calls apart. A flush by another thread leaves permanent errors, and
 * waiting for the reader, to the next flush on the loop.
 */
enum line_writer_kind {
	LINE_WRITER_FILE, /* a regular file: write(2) does not wait */
	LINE_WRITER_SOCKET, /* a socket: send(2) with MSG_DONTWAIT */
	LINE_WRITER_OWN, /* a pipe or terminal that we opened again with O_NONBLOCK */
	LINE_WRITER_SHARED /* a pipe or terminal that we could not open: poll(2) before write(2) */
};

struct line_writer {
	uv_poll_t poll;
	uv_thread_t thread; /* of the loop */
	struct chat_buf buf; /* the lines to be written; its first `sent` bytes are written */
	size_t max_bytes; /* the most unwritten bytes in buf, unless they are one line */
	size_t sent; /* the bytes of buf that are written already */
	uint64_t dropped_ever; /* the number of discarded lines */
	uint64_t dropped; /* discarded lines that line_writer_take_dropped() will return */
	int fd; /* owned if kind is LINE_WRITER_OWN; -1: the reader is gone */
	int error; /* the errno that line_writer_take_error() will return; 0: none */
	int reported; /* the errno that it returned last; 0 after a successful write */
	enum line_writer_kind kind;
	bool has_poll; /* the poll handle is open */
	atomic_bool waiting; /* until the descriptor is writable, nothing is written */
};

/* Opens a writer to fd, which the caller owns and keeps open until line_writer_close(). */
void line_writer_open(struct line_writer *writer, uv_loop_t *loop, int fd, size_t max_bytes);

/* Returns true if the buffer has room for len bytes, or is empty. */
bool line_writer_has_room(const struct line_writer *writer, size_t len);

/*
 * Appends a line and a newline. If the buffer is full, flushes it first; if it is still full,
 * discards the line. Does nothing if the reader is gone.
 */
void line_writer_append(struct line_writer *writer, struct chat_span line);

/* Writes as much as possible without waiting. After a permanent error, frees the lines. */
void line_writer_flush(struct line_writer *writer);

/*
 * Returns the errno of a failed write, or 0. The same errno is returned again only after a write
 * has succeeded.
 */
int line_writer_take_error(struct line_writer *writer);

/*
 * Returns the number of lines discarded since the last call that returned one. Returns 0 while the
 * buffer is not empty, so that the number can be reported.
 */
uint64_t line_writer_take_dropped(struct line_writer *writer);

/* Returns the number of lines to be written, with a partly written line. */
uint64_t line_writer_count_waiting(const struct line_writer *writer);

/* Closes the poll handle in the loop's next turn. Lines can still be appended and written. */
void line_writer_leave_loop(struct line_writer *writer);

/*
 * Writes as much as possible without waiting, and frees the rest. line_writer_leave_loop() must be
 * called before.
 */
void line_writer_close(struct line_writer *writer);

#endif
