/*
 * Writes findings, and the lines that are passed on. block_read() calls writer_flush() before it
 * waits for input, so that a live pipe delays no line.
 */
#include "validate/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "command/diag.h"
#include "text/line.h"

#define SETTLE_BYTES (64 * 1024)

void
writer_init(struct writer *writer, int fd, const char *name)
{
	*writer = (struct writer){.fd = fd, .name = name};
}

void
writer_free(struct writer *writer)
{
	chat_buf_free(&writer->buf);
}

void
writer_line(struct writer *writer, struct chat_span line, bool newline)
{
	if (writer->owes_newline)
		chat_buf_append(&writer->buf, "\n", 1);
	chat_buf_append_span(&writer->buf, line);
	if (newline)
		chat_buf_append(&writer->buf, "\n", 1);
	writer->owes_newline = !newline;
	writer_settle(writer);
}

void
writer_settle(struct writer *writer)
{
	if (writer->buf.len >= SETTLE_BYTES)
		writer_flush(writer);
}

void
writer_flush(struct writer *writer)
{
	struct chat_err err;

	if (writer->buf.len == 0)
		return;
	if (writer->progress)
		chat_progress_hide(writer->progress);
	if (chat_write_all(writer->fd, writer->buf.at, writer->buf.len, &err)) {
		if (errno == EPIPE)
			chat_die_by_signal(SIGPIPE);
		chat_die(CHAT_EXIT_IO, "%s: %s", writer->name, err.text);
	}
	chat_buf_drop(&writer->buf, writer->buf.len);
}

void
writer_wait(const struct writer *writer, int fd)
{
	struct pollfd ends[] = {
		{.fd = fd, .events = POLLIN}, {.fd = writer->fd}, /* POLLERR is always reported */
	};

	while (poll(ends, 2, -1) < 0)
		if (errno != EINTR)
			chat_die(CHAT_EXIT_INTERNAL, "poll: %m");
	if (ends[1].revents & POLLERR)
		chat_die_by_signal(SIGPIPE);
}
