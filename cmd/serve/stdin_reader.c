/* Lines of stdin as messages: `tail -F log | … | chat-serve --stdin`. */
#include "serve/stdin_reader.h"

#include <fcntl.h>
#include <string.h>

#include "chat/msg.h"
#include "serve/channel/post.h"
#include "serve/session/context.h"
#include "serve/util/json_find.h"
#include "text/err.h"
#include "text/span.h"

void
stdin_reader_close(struct stdin_reader *reader)
{
	if (!reader->open)
		return;
	reader->open = false;
	uv_close(reader->is_file ? (uv_handle_t *)&reader->idle : (uv_handle_t *)&reader->poll,
		NULL);
	chat_lines_free(&reader->lines);
}

/* Returns the server's own user in a channel, or NULL. Makes it if needed. No list of users has it.
 */
static struct user *
server_user(struct channel *channel, struct chat_err *err)
{
	struct user *user =
		roster_claim(&channel->roster, CHAT_SPAN(SERVER_NAME), CHAT_SPAN(SERVER_NAME), err);

	if (user)
		user->reserved = true;
	return user;
}

/* Reads a line as a message. Sets *name, whose bytes may be in text, to the name of its channel. */
static int
read_line(struct chat_msg *msg, struct chat_span line, char text[CHAT_CHANNEL_MAX],
	struct chat_span *name, struct chat_err *err)
{
	struct chat_json_value value;
	size_t len;

	if (chat_msg_read(msg, line, CHAT_FROM_CLIENT, err) < 0)
		return -1;
	if (msg->type == CHAT_TYPE_INIT)
		return chat_fail(err, CHAT_ALREADY_INITIALIZED, "the server needs no init");
	*name = CHAT_SPAN("/");
	if (!json_find(line, CHAT_SPAN("channel"), &value))
		return 0;
	len = value.kind != CHAT_JSON_STRING ? (size_t)-1
					     : chat_json_unescape(&value, text, CHAT_CHANNEL_MAX);
	*name = (struct chat_span){text, len == (size_t)-1 ? 0 : len};
	if (chat_channel_valid(*name))
		return 0;
	return chat_fail(err, CHAT_BAD_MESSAGE, "/channel: not a channel");
}

static int
post_line(struct channels *channels, struct chat_span name, const struct chat_msg *msg,
	struct chat_err *err)
{
	const struct claimant nobody = {.key = 0};
	struct channel *channel = channels_find(channels, name, &nobody, err);
	struct channel_post post = {0};
	int result;

	if (!channel)
		return -1;
	post.user = server_user(channel, err);
	channel_post_fill(&post, msg);
	result = post.user ? channel_post(channel, &post, err) : -1;
	channel_release(channel);
	return result;
}

void
stdin_line_post(const struct stdin_line *line, struct channels *channels,
	const struct stdin_route *route, struct error_log *error_log)
{
	struct chat_err err = {0};
	struct chat_span name;
	struct chat_msg msg;
	char text[CHAT_CHANNEL_MAX];
	int failed = read_line(&msg, line->text, text, &name, &err);

	if (failed == 0 && route->pass && route->pass(route->arg, name, line))
		return;
	if (failed == 0)
		failed = post_line(channels, name, &msg, &err);
	if (failed < 0)
		error_log_printf(error_log, "stdin:%llu: %s%s%s", line->number, err.field,
			*err.field ? ": " : "", err.text);
}

static void
handle_line(struct stdin_reader *reader, enum chat_line what, struct chat_span text)
{
	struct stdin_line line = {text, reader->lines.number};

	if (what == CHAT_LINE_TOO_LONG)
		error_log_printf(
			reader->error_log, "stdin:%llu: the line is too long", line.number);
	else if (!chat_span_is_blank(text))
		stdin_line_post(&line, reader->channels, &reader->route, reader->error_log);
}

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_idle(uv_idle_t *idle);

static void
reader_poll(struct stdin_reader *reader)
{
	if (reader->is_file && reader->paused)
		uv_idle_stop(&reader->idle);
	else if (reader->is_file)
		uv_idle_start(&reader->idle, on_idle);
	else if (reader->paused)
		uv_poll_stop(&reader->poll);
	else
		uv_poll_start(&reader->poll, UV_READABLE, on_readable);
}

/* Posts the lines that were read, until too much waits for the journal. */
static void
reader_take_lines(struct stdin_reader *reader)
{
	enum chat_line what = CHAT_LINE_NONE;
	struct chat_span line;

	while (!(reader->paused = backpressure_is_high(reader->backpressure, 0)) &&
		(what = chat_lines_take(&reader->lines, &line)) != CHAT_LINE_NONE &&
		what != CHAT_LINE_END)
		handle_line(reader, what, line);
	if (what == CHAT_LINE_END)
		stdin_reader_close(reader);
	else if (reader->paused)
		reader_poll(reader);
}

bool
stdin_reader_resume(struct stdin_reader *reader)
{
	if (!reader->open || !reader->paused)
		return false;
	reader->paused = false;
	reader_poll(reader);
	reader_take_lines(reader);
	return true;
}

static void
reader_read(struct stdin_reader *reader)
{
	struct chat_err err;

	if (chat_lines_fill(&reader->lines, &err) < 0) {
		error_log_printf(reader->error_log, "stdin: %s", err.text);
		stdin_reader_close(reader);
		return;
	}
	reader_take_lines(reader);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	reader_read(poll->data);
}

static void
on_idle(uv_idle_t *idle)
{
	reader_read(idle->data);
}

void
stdin_reader_open(struct stdin_reader *reader, uv_loop_t *loop, int fd, size_t max_message_bytes,
	struct channels *channels, const struct stdin_route *route,
	const struct backpressure *backpressure, struct error_log *error_log)
{
	int flags = fcntl(fd, F_GETFL);

	reader->channels = channels;
	reader->route = *route;
	reader->backpressure = backpressure;
	reader->error_log = error_log;
	chat_lines_init(&reader->lines, fd, max_message_bytes);
	reader->open = true;
	if (uv_poll_init(loop, &reader->poll, fd) == 0) {
		/* libuv has set O_NONBLOCK, for every process that has this description open. It is
		 * not needed: one read does not wait when there is something to read. */
		fcntl(fd, F_SETFL, flags);
		reader->poll.data = reader;
		reader_poll(reader);
		return;
	}
	reader->is_file = true;
	uv_idle_init(loop, &reader->idle);
	reader->idle.data = reader;
	reader_poll(reader);
}
