/*
 * The way out of chat-validate, for findings and for lines passed on. Nothing is kept back when the
 * input would block (input flushes), so that a valve in a live pipe is no dam.
 */
#include "validate/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "chat/line.h"
#include "command/diag.h"

#define SETTLE_BYTES (64 * 1024)

void
output_init(struct output *output, int fd, const char *name)
{
	*output = (struct output){.fd = fd, .name = name};
}

void
output_free(struct output *output)
{
	chat_buf_free(&output->buf);
}

void
output_line(struct output *output, struct chat_span line, bool newline)
{
	if (output->owes_newline)
		chat_buf_append(&output->buf, "\n", 1);
	chat_buf_append_span(&output->buf, line);
	if (newline)
		chat_buf_append(&output->buf, "\n", 1);
	output->owes_newline = !newline;
	output_settle(output);
}

void
output_settle(struct output *output)
{
	if (output->buf.len >= SETTLE_BYTES)
		output_flush(output);
}

void
output_flush(struct output *output)
{
	struct chat_err err;

	if (output->buf.len == 0)
		return;
	if (output->progress)
		chat_progress_hide(output->progress);
	if (chat_write_all(output->fd, output->buf.at, output->buf.len, &err)) {
		if (errno == EPIPE)
			chat_die_by_signal(SIGPIPE);
		chat_die(CHAT_EXIT_IO, "%s: %s", output->name, err.text);
	}
	chat_buf_drop(&output->buf, output->buf.len);
}

void
output_wait(const struct output *output, int fd)
{
	struct pollfd ends[] = {
		{.fd = fd, .events = POLLIN}, {.fd = output->fd}, /* POLLERR comes unasked */
	};

	while (poll(ends, 2, -1) < 0)
		if (errno != EINTR)
			chat_die(CHAT_EXIT_INTERNAL, "poll: %m");
	if (ends[1].revents & POLLERR)
		chat_die_by_signal(SIGPIPE);
}
