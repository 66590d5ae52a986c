/* Events on stdout. */
#include "serve/event_printer.h"

#define MAX_BYTES ((size_t)4 << 20) /* of lines that wait for the reader of stdout */

void
event_printer_open(
	struct event_printer *printer, uv_loop_t *loop, int fd, struct error_log *error_log)
{
	printer->error_log = error_log;
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
}
