/*
 * What the server shows on stdout and stderr. O_NONBLOCK belongs to the open file that others
 * share, so a pipe or terminal is opened a second time for ourselves; one that belongs to another
 * user cannot be, and is asked before each write whether it has room; a socket is asked per call; a
 * file never waits.
 */
#include "serve/util/line_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
printer_find_way(struct printer *printer)
{
	struct stat status;
	char path[32];
	int own;

	if (fstat(printer->fd, &status) < 0 || S_ISREG(status.st_mode))
		return;
	printer->way = S_ISSOCK(status.st_mode) ? PRINTER_SOCKET : PRINTER_SHARED;
	if (printer->way == PRINTER_SOCKET)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", printer->fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	printer->fd = own;
	printer->way = PRINTER_OWN;
}

void
printer_open(struct printer *printer, uv_loop_t *loop, int fd, size_t max_bytes)
{
	int flags;

	*printer = (struct printer){.fd = fd, .max_bytes = max_bytes};
	printer_find_way(printer);
	if (printer->way == PRINTER_FILE)
		return;
	flags = fcntl(printer->fd, F_GETFL);
	printer->polls = uv_poll_init(loop, &printer->poll, printer->fd) == 0;
	printer->poll.data = printer;
	if (printer->way != PRINTER_OWN)
		fcntl(printer->fd, F_SETFL, flags); /* libuv has set O_NONBLOCK for all */
}

/* What was written makes room for what comes. */
static void
printer_compact(struct printer *printer)
{
	chat_buf_drop(&printer->buf, printer->sent);
	printer->sent = 0;
}

/* A line that is longer than all that may wait does so alone. */
bool
printer_has_room(const struct printer *printer, size_t len)
{
	size_t waiting = printer->buf.len - printer->sent;

	return waiting == 0 || waiting + len <= printer->max_bytes;
}

void
printer_line(struct printer *printer, struct chat_span line)
{
	if (printer->fd < 0)
		return;
	if (printer->sent > printer->max_bytes / 4)
		printer_compact(printer);
	if (printer->buf.len - printer->sent + line.len + 1 > printer->max_bytes)
		printer_flush(printer);
	if (!printer_has_room(printer, line.len + 1)) {
		printer->dropped++;
		printer->dropped_ever++;
		return;
	}
	chat_buf_append_span(&printer->buf, line);
	chat_buf_append(&printer->buf, "\n", 1);
}

/* Nobody reads, and nobody will. */
static void
printer_stop(struct printer *printer)
{
	if (printer->polls)
		uv_poll_stop(&printer->poll);
	if (printer->way == PRINTER_OWN)
		close(printer->fd);
	printer->fd = -1;
	printer->sent = printer->dropped = 0;
	chat_buf_free(&printer->buf);
}

static void
on_writable(uv_poll_t *poll, int status, int events)
{
	struct printer *printer = poll->data;

	(void)status;
	(void)events;
	printer->waiting = false; /* the tick goes on with it */
	uv_poll_stop(poll);
}

/* A pipe that has room takes PIPE_BUF bytes without waiting (pipe(7)). */
static ssize_t
write_if_room(int fd, const char *bytes, size_t len)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	if (poll(&room, 1, 0) == 1)
		return write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
	errno = EAGAIN;
	return -1;
}

static ssize_t
printer_write(struct printer *printer)
{
	const char *at = printer->buf.at + printer->sent;
	size_t len = printer->buf.len - printer->sent;

	switch (printer->way) {
	case PRINTER_SOCKET:
		return send(printer->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case PRINTER_SHARED:
		return write_if_room(printer->fd, at, len);
	default:
		return write(printer->fd, at, len);
	}
}

/* A disk that is full now may have room later; of the others nothing is to be expected. */
static bool
may_pass(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOBUFS ||
		error == ENOMEM;
}

static void
printer_fail(struct printer *printer, int error)
{
	if (error == EAGAIN) {
		printer->waiting = printer->polls;
		if (printer->polls)
			uv_poll_start(&printer->poll, UV_WRITABLE, on_writable);
		return;
	}
	if (printer->told != error)
		printer->error = error;
	if (!may_pass(error))
		printer_stop(printer);
}

void
printer_flush(struct printer *printer)
{
	while (printer->fd >= 0 && !printer->waiting && printer->sent < printer->buf.len) {
		ssize_t count = printer_write(printer);

		if (count >= 0) {
			printer->sent += (size_t)count;
			printer->told = 0;
		} else if (errno != EINTR) {
			printer_fail(printer, errno);
			return;
		}
	}
	if (printer->sent == printer->buf.len)
		printer_compact(printer);
}

int
printer_trouble(struct printer *printer)
{
	int error = printer->error;

	printer->error = 0;
	if (error)
		printer->told = error;
	return error;
}

uint64_t
printer_lost(struct printer *printer)
{
	uint64_t lost = printer->dropped;

	if (printer->buf.len)
		return 0;
	printer->dropped = 0;
	return lost;
}

uint64_t
printer_waiting(const struct printer *printer)
{
	uint64_t lines = 0;

	for (size_t i = printer->sent; i < printer->buf.len; i++)
		lines += printer->buf.at[i] == '\n';
	return lines;
}

void
printer_leave_loop(struct printer *printer)
{
	if (printer->polls)
		uv_close((uv_handle_t *)&printer->poll, NULL);
	printer->polls = printer->waiting = false;
}

void
printer_close(struct printer *printer)
{
	printer_flush(printer);
	if (printer->fd >= 0 && printer->way == PRINTER_OWN)
		close(printer->fd);
	printer->fd = -1;
	chat_buf_free(&printer->buf);
}
