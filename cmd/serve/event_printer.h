#ifndef SERVE_EVENT_PRINTER_H
#define SERVE_EVENT_PRINTER_H

#include <stdint.h>
#include <uv.h>

#include "chat/span.h"
#include "serve/util/error_log.h"
#include "serve/util/line_writer.h"

/*
 * Prints the events of all channels on stdout, a line each. A slow reader of stdout never delays
 * the chat: beyond a limit whole lines are dropped, a `userData` with `truncated` is printed in
 * their place, and the error log says how many were dropped.
 */
struct event_printer {
	struct line_writer writer;
	struct error_log *error_log; /* borrowed */
	uint64_t dropped; /* lines dropped when the last such `userData` was printed */
};

void event_printer_open(
	struct event_printer *printer, uv_loop_t *loop, int fd, struct error_log *error_log);

/* Queues a copy of the line of an event, which is given without newline. */
void event_printer_print(struct event_printer *printer, struct chat_span line);

/* Writes what goes without waiting. */
void event_printer_flush(struct event_printer *printer);

/* Flushes, and closes; the handle closes with the loop's next turn. Lines that still wait for the
 * reader are lost, and the error log says so. */
void event_printer_close(struct event_printer *printer);

#endif
