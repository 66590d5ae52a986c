/*
 * What the server shows on stdout. O_NONBLOCK belongs to the open file that others share, so a pipe
 * or terminal is opened a second time for ourselves; a socket is asked per call; a file never
 * waits.
 */
#include "serve/printer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"

void
printer_open(struct printer *printer, uv_loop_t *loop, int fd)
{
	struct stat status;
	char path[32];
	int own, flags;

	*printer = (struct printer){.fd = fd, .buf.limit = PRINTER_MAX_BYTES};
	if (fstat(fd, &status) < 0 || S_ISREG(status.st_mode))
		return;
	printer->is_socket = S_ISSOCK(status.st_mode);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = printer->is_socket ? -1 : open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0) {
		printer->fd = own;
		printer->own_fd = true;
	}
	flags = fcntl(printer->fd, F_GETFL);
	printer->polls = uv_poll_init(loop, &printer->poll, printer->fd) == 0;
	printer->poll.data = printer;
	if (printer->is_socket)
		fcntl(printer->fd, F_SETFL, flags); /* libuv has set O_NONBLOCK for all */
}

/* What was written makes room for what comes. */
static void
printer_compact(struct printer *printer)
{
	chat_buf_drop(&printer->buf, printer->sent);
	printer->sent = 0;
}

void
printer_line(struct printer *printer, struct chat_span line)
{
	if (printer->fd < 0)
		return;
	if (printer->sent > PRINTER_MAX_BYTES / 4)
		printer_compact(printer);
	if (printer->buf.len + line.len + 1 > PRINTER_MAX_BYTES) {
		printer->dropped++;
		printer->dropped_ever++;
		return;
	}
	chat_buf_append_span(&printer->buf, line);
	chat_buf_append(&printer->buf, "\n", 1);
}

static void
printer_stop(struct printer *printer, const char *why)
{
	chat_warn("stdout: %s; the chat goes on without it", why);
	if (printer->polls)
		uv_poll_stop(&printer->poll);
	if (printer->own_fd)
		close(printer->fd);
	printer->own_fd = false;
	printer->fd = -1;
	printer->sent = 0;
	chat_buf_free(&printer->buf);
}

static void
on_writable(uv_poll_t *poll, int status, int events)
{
	struct printer *printer = poll->data;

	(void)status;
	(void)events;
	printer->waiting = false;
	uv_poll_stop(poll);
	printer_flush(printer);
}

static ssize_t
printer_write(struct printer *printer)
{
	const char *at = printer->buf.at + printer->sent;
	size_t len = printer->buf.len - printer->sent;

	if (printer->is_socket)
		return send(printer->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(printer->fd, at, len);
}

void
printer_flush(struct printer *printer)
{
	while (printer->fd >= 0 && !printer->waiting && printer->sent < printer->buf.len) {
		ssize_t count = printer_write(printer);

		if (count >= 0) {
			printer->sent += (size_t)count;
		} else if (errno == EAGAIN && printer->polls) {
			printer->waiting = true;
			uv_poll_start(&printer->poll, UV_WRITABLE, on_writable);
		} else if (errno != EINTR) {
			printer_stop(printer, strerror(errno));
			return;
		}
	}
	if (printer->sent < printer->buf.len)
		return;
	printer_compact(printer);
	if (printer->dropped)
		chat_warn("stdout: its reader was too slow: %llu events were not printed",
			(unsigned long long)printer->dropped);
	printer->dropped = 0;
}

void
printer_close(struct printer *printer)
{
	printer_flush(printer);
	if (printer->sent < printer->buf.len)
		chat_warn("stdout: its reader was too slow: the last events were not printed");
	if (printer->polls)
		uv_close((uv_handle_t *)&printer->poll, NULL);
	if (printer->own_fd)
		close(printer->fd);
	printer->fd = -1;
	chat_buf_free(&printer->buf);
}
