#ifndef SERVE_PRINTER_H
#define SERVE_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "buf.h"
#include "span.h"

/*
 * The events of all channels as NDJSON on stdout. A reader that stalls or goes away never stalls
 * the chat: lines wait up to a limit, beyond it they are dropped, whole, and that is said on
 * stderr.
 */
struct printer {
	uv_poll_t poll;
	struct chat_buf buf; /* lines not written yet */
	size_t sent; /* bytes of buf already written */
	uint64_t dropped_ever; /* lines */
	uint64_t dropped; /* lines, since it was last said */
	int fd; /* -1: nobody reads */
	bool own_fd; /* a non-blocking description of our own */
	bool is_socket;
	bool polls; /* the poll handle exists */
	bool waiting; /* for the descriptor to take more */
};

#define PRINTER_MAX_BYTES ((size_t)4 << 20)

void printer_open(struct printer *printer, uv_loop_t *loop, int fd);

/* Takes a line (without newline); written at the end of the tick. */
void printer_line(struct printer *printer, struct chat_span line);
void printer_flush(struct printer *printer);

/* Writes what goes without waiting and lets go. */
void printer_close(struct printer *printer);

#endif
