#ifndef SERVE_UTIL_LINE_WRITER_H
#define SERVE_UTIL_LINE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "chat/span.h"

/*
 * Lines for a descriptor that others share: stdout with the events of all channels, stderr with
 * what the server has to say. A reader that stalls or goes away, or a disk that is full, never
 * stalls the chat: lines wait up to a limit, or one alone that is longer; beyond it they are
 * dropped, whole, and counted. What is written and what comes of it is for somebody else to tell
 * (serve/error_log.h).
 */
enum line_writer_way {
	LINE_WRITER_FILE, /* takes everything, or says why not */
	LINE_WRITER_SOCKET, /* asked per call not to wait */
	LINE_WRITER_OWN, /* a non-blocking description of our own */
	LINE_WRITER_SHARED /* asked with poll(2) before each short write */
};

struct line_writer {
	uv_poll_t poll;
	struct chat_buf buf; /* lines not written yet */
	size_t max_bytes; /* that wait, but for one line that waits alone */
	size_t sent; /* bytes of buf already written */
	uint64_t dropped_ever; /* lines */
	uint64_t dropped; /* lines, since that was last told */
	int fd; /* -1: nobody reads */
	int error; /* errno of the last write, not told yet */
	int told; /* the one told last, until a write succeeds */
	enum line_writer_way way;
	bool polls; /* the poll handle exists */
	bool waiting; /* for the descriptor to take more */
};

void line_writer_open(struct line_writer *line_writer, uv_loop_t *loop, int fd, size_t max_bytes);

/* Whether so many more bytes find room. */
bool line_writer_has_channel(const struct line_writer *line_writer, size_t len);

/* Takes a line (without newline) of any length; written at the end of the tick, or where more waits
 * than may. */
void line_writer_line(struct line_writer *line_writer, struct chat_span line);

/* Writes what goes without waiting; where the reader has gone away, that is the end of it. */
void line_writer_flush(struct line_writer *line_writer);

/* Why lines cannot be written, an errno, once for each reason; 0: nothing new. */
int line_writer_trouble(struct line_writer *line_writer);

/* How many lines were dropped, once there is room again, and once only; 0: none. */
uint64_t line_writer_lost(struct line_writer *line_writer);

/* How many lines wait to be written, the one that is half written included. */
uint64_t line_writer_waiting(const struct line_writer *line_writer);

/* Its handle closes with the loop's next turn; it can still be written to. */
void line_writer_leave_loop(struct line_writer *line_writer);

void line_writer_close(struct line_writer *line_writer);

#endif
