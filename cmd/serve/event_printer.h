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
 *
 * If there are several loops, each of them gathers the lines of a tick, and then calls
 * event_printer_take(): whole lines are printed, those of a channel in their order, and before any
 * member sees the event. Otherwise the only thread calls event_printer_print() for each line and
 * event_printer_flush() in the tick.
 */
struct event_printer {
	uv_mutex_t mutex; /* of the fields below, if there are several loops */
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

/*
 * Queues lines, each with its newline, and writes as much as stdout accepts without waiting.
 * Empties *lines. Any thread may call it; lines that stdout does not accept wait for the next call
 * on the loop of the printer.
 */
void event_printer_take(struct event_printer *printer, struct chat_buf *lines);

/* Returns the memory of the lines that wait, in bytes; and the number of lines ever dropped. */
size_t event_printer_bytes(struct event_printer *printer);
uint64_t event_printer_dropped(struct event_printer *printer);

/* Flushes, and closes the writer; its handle closes in the loop's next turn. Lines that stdout did
 * not accept are lost, and the error log says so. */
void event_printer_close(struct event_printer *printer);

#endif
