/* Events on stdout. */
#include "serve/event_printer.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)4 << 20) /* of lines that wait for the reader of stdout */

void
event_printer_open(
	struct event_printer *printer, uv_loop_t *loop, int fd, struct error_log *error_log)
{
	printer->error_log = error_log;
	if (uv_mutex_init(&printer->mutex) != 0)
		abort(); /* impossible: pthread_mutex_init(3) always succeeds */
	line_writer_open(&printer->writer, loop, fd, MAX_BYTES);
}

void
event_printer_print(struct event_printer *printer, struct chat_span line)
{
	/* After dropped events, a reader no longer knows which users are present. */
	static const char gap[] = "{\"type\":\"userData\",\"users\":[],\"truncated\":true}";
	struct line_writer *writer = &printer->writer;

	if (printer->dropped != writer->dropped_ever &&
		line_writer_has_room(writer, sizeof(gap) + line.len + 1)) {
		printer->dropped = writer->dropped_ever;
		line_writer_append(writer, CHAT_SPAN(gap));
	}
	line_writer_append(writer, line);
}

void
event_printer_flush(struct event_printer *printer)
{
	line_writer_flush(&printer->writer);
	error_log_report(printer->error_log, &printer->writer, "stdout", "events were not printed");
}

void
event_printer_take(struct event_printer *printer, struct chat_buf *lines)
{
	const char *at = lines->at, *end = at + lines->len;

	uv_mutex_lock(&printer->mutex);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		event_printer_print(printer, (struct chat_span){at, (size_t)(newline - at)});
		at = newline + 1;
	}
	event_printer_flush(printer);
	uv_mutex_unlock(&printer->mutex);
	lines->len = 0;
}

size_t
event_printer_bytes(struct event_printer *printer)
{
	size_t bytes;

	uv_mutex_lock(&printer->mutex);
	bytes = printer->writer.buf.cap;
	uv_mutex_unlock(&printer->mutex);
	return bytes;
}

uint64_t
event_printer_dropped(struct event_printer *printer)
{
	uint64_t dropped;

	uv_mutex_lock(&printer->mutex);
	dropped = printer->writer.dropped_ever;
	uv_mutex_unlock(&printer->mutex);
	return dropped;
}

void
event_printer_close(struct event_printer *printer)
{
	struct line_writer *writer = &printer->writer;
	uint64_t lost;

	line_writer_flush(writer);
	lost = writer->dropped + line_writer_count_waiting(writer);
	if (lost)
		error_log_printf(printer->error_log,
			"stdout: there was no room: the last %llu events were not printed",
			(unsigned long long)lost);
	line_writer_leave_loop(writer);
	line_writer_close(writer);
	uv_mutex_destroy(&printer->mutex);
}
