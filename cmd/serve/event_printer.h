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
	uint64_t dropped; /* writer.dropped_ever when the last `truncated` was printed */
};

void event_printer_open(
	struct event_printer *printer, uv_loop_t *loop, int fd, struct error_log *error_log);

/* Queues a copy of an event's line. The line has no newline. */
void event_printer_print(struct event_printer *printer, struct chat_span line);

/* Writes as much as stdout accepts without waiting. */
void event_printer_flush(struct event_printer *printer);

/* Flushes, and closes the writer; its handle closes in the loop's next turn. Lines that stdout did
 * not accept are lost, and the error log says so. */
void event_printer_close(struct event_printer *printer);

#endif
