/* What the server has to say to the person who runs it. */
#include "serve/util/error_log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"

void
error_log_open(struct error_log *error_log, uv_loop_t *loop, int fd)
{
	if (uv_mutex_init(&error_log->mutex) != 0)
		abort(); /* it takes no memory, and nothing else can fail */
	line_writer_open(&error_log->line_writer, loop, fd, ERROR_LOG_MAX_BYTES);
	error_log->at_once = true;
}

void
error_log_line(struct error_log *error_log, struct chat_span line)
{
	bool at_once;

	uv_mutex_lock(&error_log->mutex);
	line_writer_line(&error_log->line_writer, line);
	at_once = error_log->at_once;
	uv_mutex_unlock(&error_log->mutex);
	if (at_once)
		error_log_flush(error_log);
}

void
error_log_say(struct error_log *error_log, const char *format, ...)
{
	struct chat_buf line = {0};
	va_list list;

	va_start(list, format);
	chat_warning(&line, format, list);
	va_end(list);
	error_log_line(error_log, chat_buf_span(&line));
	chat_buf_free(&line);
}

void
error_log_about(struct error_log *error_log, struct line_writer *line_writer, const char *name,
	const char *what)
{
	int error = line_writer_trouble(line_writer);
	uint64_t lost = line_writer_lost(line_writer);

	if (error && line_writer->fd < 0)
		error_log_say(
			error_log, "%s: %s; the chat goes on without it", name, strerror(error));
	else if (error)
		error_log_say(error_log, "%s: %s; its lines wait for room", name, strerror(error));
	if (lost)
		error_log_say(error_log, "%s: there was no room: %llu %s", name,
			(unsigned long long)lost, what);
}

void
error_log_flush(struct error_log *error_log)
{
	struct line_writer *line_writer = &error_log->line_writer;
	uint64_t lost;

	uv_mutex_lock(&error_log->mutex);
	line_writer_flush(line_writer);
	line_writer_trouble(line_writer); /* there is nobody else to tell */
	lost = line_writer_lost(line_writer);
	uv_mutex_unlock(&error_log->mutex);
	if (lost)
		error_log_say(error_log, "stderr: there was no room: %llu lines were not written",
			(unsigned long long)lost);
}

void
error_log_speak(struct error_log *error_log, bool at_once)
{
	uv_mutex_lock(&error_log->mutex);
	error_log->at_once = at_once;
	uv_mutex_unlock(&error_log->mutex);
}

void
error_log_leave_loop(struct error_log *error_log)
{
	uv_mutex_lock(&error_log->mutex);
	line_writer_leave_loop(&error_log->line_writer);
	uv_mutex_unlock(&error_log->mutex);
	error_log_speak(error_log, true);
}

void
error_log_close(struct error_log *error_log)
{
	error_log_flush(error_log);
	line_writer_close(&error_log->line_writer);
	uv_mutex_destroy(&error_log->mutex);
}
