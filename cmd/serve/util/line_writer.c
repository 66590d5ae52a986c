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
line_writer_find_way(struct line_writer *line_writer)
{
	struct stat status;
	char path[32];
	int own;

	if (fstat(line_writer->fd, &status) < 0 || S_ISREG(status.st_mode))
		return;
	line_writer->way = S_ISSOCK(status.st_mode) ? LINE_WRITER_SOCKET : LINE_WRITER_SHARED;
	if (line_writer->way == LINE_WRITER_SOCKET)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", line_writer->fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	line_writer->fd = own;
	line_writer->way = LINE_WRITER_OWN;
}

void
line_writer_open(struct line_writer *line_writer, uv_loop_t *loop, int fd, size_t max_bytes)
{
	int flags;

	*line_writer = (struct line_writer){.fd = fd, .max_bytes = max_bytes};
	line_writer_find_way(line_writer);
	if (line_writer->way == LINE_WRITER_FILE)
		return;
	flags = fcntl(line_writer->fd, F_GETFL);
	line_writer->polls = uv_poll_init(loop, &line_writer->poll, line_writer->fd) == 0;
	line_writer->poll.data = line_writer;
	if (line_writer->way != LINE_WRITER_OWN)
		fcntl(line_writer->fd, F_SETFL, flags); /* libuv has set O_NONBLOCK for all */
}

/* What was written makes room for what comes. */
static void
line_writer_compact(struct line_writer *line_writer)
{
	chat_buf_drop(&line_writer->buf, line_writer->sent);
	line_writer->sent = 0;
}

/* A line that is longer than all that may wait does so alone. */
bool
line_writer_has_channel(const struct line_writer *line_writer, size_t len)
{
	size_t waiting = line_writer->buf.len - line_writer->sent;

	return waiting == 0 || waiting + len <= line_writer->max_bytes;
}

void
line_writer_line(struct line_writer *line_writer, struct chat_span line)
{
	if (line_writer->fd < 0)
		return;
	if (line_writer->sent > line_writer->max_bytes / 4)
		line_writer_compact(line_writer);
	if (line_writer->buf.len - line_writer->sent + line.len + 1 > line_writer->max_bytes)
		line_writer_flush(line_writer);
	if (!line_writer_has_channel(line_writer, line.len + 1)) {
		line_writer->dropped++;
		line_writer->dropped_ever++;
		return;
	}
	chat_buf_append_span(&line_writer->buf, line);
	chat_buf_append(&line_writer->buf, "\n", 1);
}

/* Nobody reads, and nobody will. */
static void
line_writer_stop(struct line_writer *line_writer)
{
	if (line_writer->polls)
		uv_poll_stop(&line_writer->poll);
	if (line_writer->way == LINE_WRITER_OWN)
		close(line_writer->fd);
	line_writer->fd = -1;
	line_writer->sent = line_writer->dropped = 0;
	chat_buf_free(&line_writer->buf);
}

static void
on_writable(uv_poll_t *poll, int status, int events)
{
	struct line_writer *line_writer = poll->data;

	(void)status;
	(void)events;
	line_writer->waiting = false; /* the tick goes on with it */
	uv_poll_stop(poll);
}

/* A pipe that has room takes PIPE_BUF bytes without waiting (pipe(7)). */
static ssize_t
write_if_channel(int fd, const char *bytes, size_t len)
{
	struct pollfd channel = {.fd = fd, .events = POLLOUT};

	if (poll(&channel, 1, 0) == 1)
		return write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
	errno = EAGAIN;
	return -1;
}

static ssize_t
line_writer_write(struct line_writer *line_writer)
{
	const char *at = line_writer->buf.at + line_writer->sent;
	size_t len = line_writer->buf.len - line_writer->sent;

	switch (line_writer->way) {
	case LINE_WRITER_SOCKET:
		return send(line_writer->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LINE_WRITER_SHARED:
		return write_if_channel(line_writer->fd, at, len);
	default:
		return write(line_writer->fd, at, len);
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
line_writer_fail(struct line_writer *line_writer, int error)
{
	if (error == EAGAIN) {
		line_writer->waiting = line_writer->polls;
		if (line_writer->polls)
			uv_poll_start(&line_writer->poll, UV_WRITABLE, on_writable);
		return;
	}
	if (line_writer->told != error)
		line_writer->error = error;
	if (!may_pass(error))
		line_writer_stop(line_writer);
}

void
line_writer_flush(struct line_writer *line_writer)
{
	while (line_writer->fd >= 0 && !line_writer->waiting &&
		line_writer->sent < line_writer->buf.len) {
		ssize_t count = line_writer_write(line_writer);

		if (count >= 0) {
			line_writer->sent += (size_t)count;
			line_writer->told = 0;
		} else if (errno != EINTR) {
			line_writer_fail(line_writer, errno);
			return;
		}
	}
	if (line_writer->sent == line_writer->buf.len)
		line_writer_compact(line_writer);
}

int
line_writer_trouble(struct line_writer *line_writer)
{
	int error = line_writer->error;

	line_writer->error = 0;
	if (error)
		line_writer->told = error;
	return error;
}

uint64_t
line_writer_lost(struct line_writer *line_writer)
{
	uint64_t lost = line_writer->dropped;

	if (line_writer->buf.len)
		return 0;
	line_writer->dropped = 0;
	return lost;
}

uint64_t
line_writer_waiting(const struct line_writer *line_writer)
{
	uint64_t lines = 0;

	for (size_t i = line_writer->sent; i < line_writer->buf.len; i++)
		lines += line_writer->buf.at[i] == '\n';
	return lines;
}

void
line_writer_leave_loop(struct line_writer *line_writer)
{
	if (line_writer->polls)
		uv_close((uv_handle_t *)&line_writer->poll, NULL);
	line_writer->polls = line_writer->waiting = false;
}

void
line_writer_close(struct line_writer *line_writer)
{
	line_writer_flush(line_writer);
	if (line_writer->fd >= 0 && line_writer->way == LINE_WRITER_OWN)
		close(line_writer->fd);
	line_writer->fd = -1;
	chat_buf_free(&line_writer->buf);
}
