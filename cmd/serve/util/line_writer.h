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
 * (serve/notices.h).
 */
enum printer_way {
	PRINTER_FILE, /* takes everything, or says why not */
	PRINTER_SOCKET, /* asked per call not to wait */
	PRINTER_OWN, /* a non-blocking description of our own */
	PRINTER_SHARED /* asked with poll(2) before each short write */
};

struct printer {
	uv_poll_t poll;
	struct chat_buf buf; /* lines not written yet */
	size_t max_bytes; /* that wait, but for one line that waits alone */
	size_t sent; /* bytes of buf already written */
	uint64_t dropped_ever; /* lines */
	uint64_t dropped; /* lines, since that was last told */
	int fd; /* -1: nobody reads */
	int error; /* errno of the last write, not told yet */
	int told; /* the one told last, until a write succeeds */
	enum printer_way way;
	bool polls; /* the poll handle exists */
	bool waiting; /* for the descriptor to take more */
};

void printer_open(struct printer *printer, uv_loop_t *loop, int fd, size_t max_bytes);

/* Whether so many more bytes find room. */
bool printer_has_room(const struct printer *printer, size_t len);

/* Takes a line (without newline) of any length; written at the end of the tick, or where more waits
 * than may. */
void printer_line(struct printer *printer, struct chat_span line);

/* Writes what goes without waiting; where the reader has gone away, that is the end of it. */
void printer_flush(struct printer *printer);

/* Why lines cannot be written, an errno, once for each reason; 0: nothing new. */
int printer_trouble(struct printer *printer);

/* How many lines were dropped, once there is room again, and once only; 0: none. */
uint64_t printer_lost(struct printer *printer);

/* How many lines wait to be written, the one that is half written included. */
uint64_t printer_waiting(const struct printer *printer);

/* Its handle closes with the loop's next turn; it can still be written to. */
void printer_leave_loop(struct printer *printer);

void printer_close(struct printer *printer);

#endif
