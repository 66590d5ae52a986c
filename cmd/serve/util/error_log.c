/* The log on stderr: a line_writer, protected by a mutex. */
#include "serve/util/error_log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"

void
error_log_open(struct error_log *error_log, uv_loop_t *loop, int fd)
{
	if (uv_mutex_init(&error_log->mutex) != 0)
		abort(); /* impossible: pthread_mutex_init(3) always succeeds */
	line_writer_open(&error_log->writer, loop, fd, ERROR_LOG_MAX_BYTES);
	error_log->immediate = true;
}

void
error_log_append(struct error_log *error_log, struct chat_span line)
{
	bool immediate;

	uv_mutex_lock(&error_log->mutex);
	line_writer_append(&error_log->writer, line);
	atomic_store(&error_log->has_lines, true);
	immediate = error_log->immediate;
	uv_mutex_unlock(&error_log->mutex);
	if (immediate)
		error_log_flush(error_log);
}

size_t
error_log_bytes(struct error_log *error_log)
{
	size_t bytes;

	uv_mutex_lock(&error_log->mutex);
	bytes = error_log->writer.buf.cap;
	uv_mutex_unlock(&error_log->mutex);
	return bytes;
}

uint64_t
error_log_dropped(struct error_log *error_log)
{
	uint64_t dropped;

	uv_mutex_lock(&error_log->mutex);
	dropped = error_log->writer.dropped_ever;
	uv_mutex_unlock(&error_log->mutex);
	return dropped;
}

void
error_log_printf(struct error_log *error_log, const char *format, ...)
{
	struct chat_buf line = {0};
	va_list list;

	va_start(list, format);
	chat_warning(&line, format, list);
	va_end(list);
	error_log_append(error_log, chat_buf_span(&line));
	chat_buf_free(&line);
}

void
error_log_report(
	struct error_log *error_log, struct line_writer *writer, const char *name, const char *what)
{
	int error = line_writer_take_error(writer);
	uint64_t lost = line_writer_take_dropped(writer);

	if (error && writer->fd < 0)
		error_log_printf(
			error_log, "%s: %s; the chat goes on without it", name, strerror(error));
	else if (error)
		error_log_printf(
			error_log, "%s: %s; its lines wait for room", name, strerror(error));
	if (lost)
		error_log_printf(error_log, "%s: there was no room: %llu %s", name,
			(unsigned long long)lost, what);
}

void
error_log_flush(struct error_log *error_log)
{
	struct line_writer *writer = &error_log->writer;
	uint64_t lost;

	uv_mutex_lock(&error_log->mutex);
	line_writer_flush(writer);
	atomic_store(&error_log->has_lines, writer->buf.len > 0);
	line_writer_take_error(writer); /* discard it: an error of stderr cannot be logged */
	lost = line_writer_take_dropped(writer);
	uv_mutex_unlock(&error_log->mutex);
	if (lost)
		error_log_printf(error_log,
			"stderr: there was no room: %llu lines were not written",
			(unsigned long long)lost);
}

void
error_log_set_immediate(struct error_log *error_log, bool immediate)
{
	uv_mutex_lock(&error_log->mutex);
	error_log->immediate = immediate;
	uv_mutex_unlock(&error_log->mutex);
}

void
error_log_leave_loop(struct error_log *error_log)
{
	uv_mutex_lock(&error_log->mutex);
	line_writer_leave_loop(&error_log->writer);
	uv_mutex_unlock(&error_log->mutex);
	error_log_set_immediate(error_log, true);
}

void
error_log_close(struct error_log *error_log)
{
	error_log_flush(error_log);
	line_writer_close(&error_log->writer);
	uv_mutex_destroy(&error_log->mutex);
}
