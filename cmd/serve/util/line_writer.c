/*
 * Writing to stdout and stderr without waiting. O_NONBLOCK belongs to the open file, which other
 * processes may share, and they may fail with it. So we open a pipe or a terminal again, for us
 * alone. If that fails, for example because another user owns it, we call poll(2) before each
 * write. For a socket we use send(2) with MSG_DONTWAIT. A write to a regular file does not wait.
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

/* Sets writer->kind, the way to write to fd without waiting. May replace fd. */
static void
choose_kind(struct line_writer *writer)
{
	struct stat status;
	char path[32];
	int own;

	if (fstat(writer->fd, &status) < 0 || S_ISREG(status.st_mode))
		return;
	writer->kind = S_ISSOCK(status.st_mode) ? LINE_WRITER_SOCKET : LINE_WRITER_SHARED;
	if (writer->kind == LINE_WRITER_SOCKET)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", writer->fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	writer->fd = own;
	writer->kind = LINE_WRITER_OWN;
}

void
line_writer_open(struct line_writer *writer, uv_loop_t *loop, int fd, size_t max_bytes)
{
	int flags;

	*writer =
		(struct line_writer){.fd = fd, .max_bytes = max_bytes, .thread = uv_thread_self()};
	choose_kind(writer);
	if (writer->kind == LINE_WRITER_FILE)
		return;
	flags = fcntl(writer->fd, F_GETFL);
	writer->has_poll = uv_poll_init(loop, &writer->poll, writer->fd) == 0;
	writer->poll.data = writer;
	if (writer->kind != LINE_WRITER_OWN)
		fcntl(writer->fd, F_SETFL, flags); /* undo the O_NONBLOCK of uv_poll_init() */
}

/* Removes the written bytes from the buffer. */
static void
compact(struct line_writer *writer)
{
	chat_buf_drop(&writer->buf, writer->sent);
	writer->sent = 0;
}

bool
line_writer_has_room(const struct line_writer *writer, size_t len)
{
	size_t waiting = writer->buf.len - writer->sent;

	return waiting == 0 || waiting + len <= writer->max_bytes;
}

void
line_writer_append(struct line_writer *writer, struct chat_span line)
{
	if (writer->fd < 0)
		return;
	if (writer->sent > writer->max_bytes / 4)
		compact(writer);
	if (writer->buf.len - writer->sent + line.len + 1 > writer->max_bytes)
		line_writer_flush(writer);
	if (!line_writer_has_room(writer, line.len + 1)) {
		writer->dropped++;
		writer->dropped_ever++;
		return;
	}
	chat_buf_append_span(&writer->buf, line);
	chat_buf_append(&writer->buf, "\n", 1);
}

/* Called when the reader is gone. Closes the writer's own fd, and frees the lines. */
static void
stop(struct line_writer *writer)
{
	if (writer->has_poll)
		uv_poll_stop(&writer->poll);
	if (writer->kind == LINE_WRITER_OWN)
		close(writer->fd);
	writer->fd = -1;
	writer->sent = writer->dropped = 0;
	chat_buf_free(&writer->buf);
}

/* The loop calls this when the descriptor is writable. */
static void
on_writable(uv_poll_t *poll, int status, int events)
{
	struct line_writer *writer = poll->data;

	(void)status;
	(void)events;
	writer->waiting = false; /* the next line_writer_flush() writes */
	uv_poll_stop(poll);
}

/* Writes at most PIPE_BUF bytes: a writable pipe accepts them without waiting (pipe(7)). */
static ssize_t
write_if_ready(int fd, const char *bytes, size_t len)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	if (poll(&room, 1, 0) == 1)
		return write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
	errno = EAGAIN;
	return -1;
}

static ssize_t
write_front(struct line_writer *writer)
{
	const char *at = writer->buf.at + writer->sent;
	size_t len = writer->buf.len - writer->sent;

	switch (writer->kind) {
	case LINE_WRITER_SOCKET:
		return send(writer->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LINE_WRITER_SHARED:
		return write_if_ready(writer->fd, at, len);
	default:
		return write(writer->fd, at, len);
	}
}

/* Returns true for a temporary error, for example a full disk. Other errors are permanent. */
static bool
may_pass(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOBUFS ||
		error == ENOMEM;
}

/* Only the loop's own thread may use the poll handle: it will meet the error again. */
static void
handle_error(struct line_writer *writer, int error)
{
	const uv_thread_t self = uv_thread_self();
	bool on_loop = uv_thread_equal(&writer->thread, &self) != 0;

	if (!on_loop && !may_pass(error))
		return;
	if (error == EAGAIN) {
		writer->waiting = writer->has_poll;
		if (writer->has_poll)
			uv_poll_start(&writer->poll, UV_WRITABLE, on_writable);
		return;
	}
	if (writer->reported != error)
		writer->error = error;
	if (!may_pass(error))
		stop(writer);
}

void
line_writer_flush(struct line_writer *writer)
{
	while (writer->fd >= 0 && !writer->waiting && writer->sent < writer->buf.len) {
		ssize_t count = write_front(writer);

		if (count >= 0) {
			writer->sent += (size_t)count;
			writer->reported = 0;
		} else if (errno != EINTR) {
			handle_error(writer, errno);
			return;
		}
	}
	if (writer->sent == writer->buf.len)
		compact(writer);
}

int
line_writer_take_error(struct line_writer *writer)
{
	int error = writer->error;

	writer->error = 0;
	if (error)
		writer->reported = error;
	return error;
}

uint64_t
line_writer_take_dropped(struct line_writer *writer)
{
	uint64_t lost = writer->dropped;

	if (writer->buf.len)
		return 0;
	writer->dropped = 0;
	return lost;
}

uint64_t
line_writer_count_waiting(const struct line_writer *writer)
{
	uint64_t lines = 0;

	for (size_t i = writer->sent; i < writer->buf.len; i++)
		lines += writer->buf.at[i] == '\n';
	return lines;
}

void
line_writer_leave_loop(struct line_writer *writer)
{
	if (writer->has_poll)
		uv_close((uv_handle_t *)&writer->poll, NULL);
	writer->has_poll = false;
	writer->waiting = false;
}

void
line_writer_close(struct line_writer *writer)
{
	line_writer_flush(writer);
	if (writer->fd >= 0 && writer->kind == LINE_WRITER_OWN)
		close(writer->fd);
	writer->fd = -1;
	chat_buf_free(&writer->buf);
}
