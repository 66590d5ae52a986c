#ifndef SERVE_UTIL_LINE_WRITER_H
#define SERVE_UTIL_LINE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "chat/span.h"

/*
 * Writes lines to a descriptor that other processes may share, without ever waiting: the events of
 * all channels to stdout, the server's own sentences to stderr (error_log.h). Lines wait in a
 * buffer while the reader stalls or the disk is full. A line that the buffer has no room for is
 * dropped, whole, and counted. The buffer always takes one line when it is empty, however long.
 */
enum line_writer_kind {
	LINE_WRITER_FILE, /* a write never waits */
	LINE_WRITER_SOCKET, /* each send(2) is told not to wait */
	LINE_WRITER_OWN, /* we opened the pipe or terminal anew, non-blocking for us alone */
	LINE_WRITER_SHARED /* poll(2) is asked before each short write */
};

struct line_writer {
	uv_poll_t poll;
	struct chat_buf buf; /* lines that are not written yet */
	size_t max_bytes; /* of buf, but for one line that waits alone */
	size_t sent; /* bytes of buf that are written already */
	uint64_t dropped_ever; /* lines */
	uint64_t dropped; /* lines, since line_writer_take_dropped() returned them */
	int fd; /* -1: the reader is gone */
	int error; /* errno of the last write, until line_writer_take_error() returns it; 0: none */
	int reported; /* what that returned last, until a write succeeds; 0: nothing */
	enum line_writer_kind kind;
	bool has_poll; /* the poll handle is open */
	bool waiting; /* for the descriptor to take more */
};

/* Opens a writer to fd, which stays the caller's. */
void line_writer_open(struct line_writer *writer, uv_loop_t *loop, int fd, size_t max_bytes);

/* Returns true if the buffer has room for so many bytes, or is empty. */
bool line_writer_has_room(const struct line_writer *writer, size_t len);

/*
 * Appends a line, without its newline, or drops it. It is written at the end of the tick
 * (line_writer_flush), or at once where the buffer has no room for it.
 */
void line_writer_append(struct line_writer *writer, struct chat_span line);

/* Writes what goes without waiting. When the reader is gone, the lines are freed. */
void line_writer_flush(struct line_writer *writer);

/* Returns the errno of a write that failed, once for each reason; 0: there is nothing new. */
int line_writer_take_error(struct line_writer *writer);

/* Returns how many lines were dropped, once, and only when the buffer is empty; 0: none. */
uint64_t line_writer_take_dropped(struct line_writer *writer);

/* Returns how many lines wait to be written, one that is partly written included. */
uint64_t line_writer_count_waiting(const struct line_writer *writer);

/* Closes the poll handle, with the loop's next turn. Lines can still be appended and written. */
void line_writer_leave_loop(struct line_writer *writer);

/* Writes what the descriptor takes, and frees the rest. */
void line_writer_close(struct line_writer *writer);

#endif
