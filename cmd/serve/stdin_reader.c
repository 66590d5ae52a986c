/* What the server itself says: `tail -F log | … | chat-serve --stdin`. */
#include "serve/stdin_reader.h"

#include <fcntl.h>
#include <string.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "serve/server.h"

static void
input_stop(struct input *input)
{
	if (!input->open)
		return;
	input->open = false;
	uv_close(input->is_file ? (uv_handle_t *)&input->idle : (uv_handle_t *)&input->poll, NULL);
	chat_lines_free(&input->lines);
}

/* The server's own user in a room: there from its first message on, listed nowhere. */
static struct user *
input_user(struct room *room, struct chat_err *err)
{
	struct user *user =
		roster_claim(&room->roster, CHAT_SPAN(SERVER_NAME), CHAT_SPAN(SERVER_NAME), err);

	if (user)
		user->reserved = true;
	return user;
}

/* The `channel` of a line that was read already; to a client's message it is an unknown property.
 */
static bool
find_channel(struct chat_span line, struct chat_json_value *value)
{
	struct chat_json_value key;
	struct chat_json json;
	bool first;

	chat_json_begin(&json, line);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return false;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_read(&json, value, NULL) < 0)
			return false;
		if (chat_json_string_is(&key, CHAT_SPAN("channel")))
			return true;
	}
	return false;
}

static struct room *
input_room(struct server *server, const struct chat_msg *msg, struct chat_err *err)
{
	const struct asker nobody = {.key = 0};
	struct chat_span channel = CHAT_SPAN("/");
	char text[CHAT_CHANNEL_MAX];
	struct chat_json_value value;

	if (find_channel(msg->line, &value)) {
		size_t len = value.kind != CHAT_JSON_STRING
			? (size_t)-1
			: chat_json_unescape(&value, text, sizeof(text));

		channel = (struct chat_span){text, len == (size_t)-1 ? 0 : len};
		if (!chat_channel_valid(channel)) {
			chat_fail(err, CHAT_BAD_MESSAGE, "/channel: not a channel");
			return NULL;
		}
	}
	return rooms_find(&server->rooms, channel, &nobody, err);
}

static int
input_post(struct server *server, struct chat_span line, struct chat_err *err)
{
	struct room_say say = {0};
	struct chat_msg msg;
	struct room *room;
	int result;

	if (chat_msg_read(&msg, line, CHAT_FROM_CLIENT, err) < 0)
		return -1;
	if (msg.type == CHAT_TYPE_INIT)
		return chat_fail(err, CHAT_ALREADY_INITIALIZED, "the server needs no init");
	room = input_room(server, &msg, err);
	if (!room)
		return -1;
	say.user = input_user(room, err);
	room_say_fill(&say, &msg);
	result = say.user ? room_say(room, &say, err) : -1;
	room_forget(room);
	return result;
}

static bool
is_blank(struct chat_span line)
{
	size_t i = 0;

	while (i < line.len && memchr(" \t\r", line.at[i], 3))
		i++;
	return i == line.len;
}

static void
input_line(struct input *input, enum chat_line what, struct chat_span line)
{
	struct chat_err err = {0};
	struct notices *notices = &input->server->notices;
	unsigned long long number = input->lines.number;

	if (what == CHAT_LINE_TOO_LONG)
		notices_say(notices, "stdin:%llu: the line is too long", number);
	else if (!is_blank(line) && input_post(input->server, line, &err) < 0)
		notices_say(notices, "stdin:%llu: %s%s%s", number, err.field,
			*err.field ? ": " : "", err.text);
}

static void on_readable(uv_poll_t *poll, int status, int events);
static void on_idle(uv_idle_t *idle);

static void
input_poll(struct input *input)
{
	if (input->is_file && input->waits)
		uv_idle_stop(&input->idle);
	else if (input->is_file)
		uv_idle_start(&input->idle, on_idle);
	else if (input->waits)
		uv_poll_stop(&input->poll);
	else
		uv_poll_start(&input->poll, UV_READABLE, on_readable);
}

/* Posts the lines that were read, as far as there is room for them. */
static void
input_take(struct input *input)
{
	enum chat_line what = CHAT_LINE_NONE;
	struct chat_span line;

	while (!(input->waits = backlog_is_long(input->server)) &&
		(what = chat_lines_take(&input->lines, &line)) != CHAT_LINE_NONE &&
		what != CHAT_LINE_END)
		input_line(input, what, line);
	if (what == CHAT_LINE_END)
		input_stop(input);
	else if (input->waits)
		input_poll(input);
}

void
input_go_on(struct input *input)
{
	if (!input->open || !input->waits)
		return;
	input->waits = false;
	input_poll(input);
	input_take(input);
	server_publish(input->server); /* the turn has done so already */
}

static void
input_read(struct input *input)
{
	struct chat_err err;

	if (chat_lines_fill(&input->lines, &err) < 0) {
		notices_say(&input->server->notices, "stdin: %s", err.text);
		input_stop(input);
		return;
	}
	input_take(input);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	input_read(poll->data);
}

static void
on_idle(uv_idle_t *idle)
{
	input_read(idle->data);
}

void
input_open(struct input *input, struct server *server, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	input->server = server;
	chat_lines_init(&input->lines, fd, (size_t)server->config->max_message_bytes);
	input->open = true;
	if (uv_poll_init(&server->loop, &input->poll, fd) == 0) {
		/* libuv has set O_NONBLOCK for all who hold it; one read when there is something
		 * does not wait */
		fcntl(fd, F_SETFL, flags);
		input->poll.data = input;
		input_poll(input);
		return;
	}
	input->is_file = true;
	uv_idle_init(&server->loop, &input->idle);
	input->idle.data = input;
	input_poll(input);
}

void
input_close(struct input *input)
{
	input_stop(input);
}
