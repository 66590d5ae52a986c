/* What the server has to say to the person who runs it. */
#include "serve/util/error_log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"

void
notices_open(struct notices *notices, uv_loop_t *loop, int fd)
{
	if (uv_mutex_init(&notices->mutex) != 0)
		abort(); /* it takes no memory, and nothing else can fail */
	printer_open(&notices->printer, loop, fd, NOTICES_MAX_BYTES);
	notices->at_once = true;
}

void
notices_line(struct notices *notices, struct chat_span line)
{
	bool at_once;

	uv_mutex_lock(&notices->mutex);
	printer_line(&notices->printer, line);
	at_once = notices->at_once;
	uv_mutex_unlock(&notices->mutex);
	if (at_once)
		notices_flush(notices);
}

void
notices_say(struct notices *notices, const char *format, ...)
{
	struct chat_buf line = {0};
	va_list list;

	va_start(list, format);
	chat_warning(&line, format, list);
	va_end(list);
	notices_line(notices, chat_buf_span(&line));
	chat_buf_free(&line);
}

void
notices_about(struct notices *notices, struct printer *printer, const char *name, const char *what)
{
	int error = printer_trouble(printer);
	uint64_t lost = printer_lost(printer);

	if (error && printer->fd < 0)
		notices_say(notices, "%s: %s; the chat goes on without it", name, strerror(error));
	else if (error)
		notices_say(notices, "%s: %s; its lines wait for room", name, strerror(error));
	if (lost)
		notices_say(notices, "%s: there was no room: %llu %s", name,
			(unsigned long long)lost, what);
}

void
notices_flush(struct notices *notices)
{
	struct printer *printer = &notices->printer;
	uint64_t lost;

	uv_mutex_lock(&notices->mutex);
	printer_flush(printer);
	printer_trouble(printer); /* there is nobody else to tell */
	lost = printer_lost(printer);
	uv_mutex_unlock(&notices->mutex);
	if (lost)
		notices_say(notices, "stderr: there was no room: %llu lines were not written",
			(unsigned long long)lost);
}

void
notices_speak(struct notices *notices, bool at_once)
{
	uv_mutex_lock(&notices->mutex);
	notices->at_once = at_once;
	uv_mutex_unlock(&notices->mutex);
}

void
notices_leave_loop(struct notices *notices)
{
	uv_mutex_lock(&notices->mutex);
	printer_leave_loop(&notices->printer);
	uv_mutex_unlock(&notices->mutex);
	notices_speak(notices, true);
}

void
notices_close(struct notices *notices)
{
	notices_flush(notices);
	printer_close(&notices->printer);
	uv_mutex_destroy(&notices->mutex);
}
