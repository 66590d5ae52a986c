/* Writes and reads the calls of the roll. */
#include "serve/cluster/roll.h"

#include <inttypes.h>
#include <string.h>

#include "chat/utf8.h"
#include "message/user_id.h"
#include "message/username.h"
#include "serve/util/json_find.h"
#include "text/ascii.h"
#include "text/err.h"

static const char *const kinds[] = {
	[ROLL_ASK] = "ask",
	[ROLL_BEAT] = "beat",
	[ROLL_CHANGE] = "change",
	[ROLL_WHOLE] = "whole",
	[ROLL_LEAVE] = "leave",
};

/* ---- writing ---- */

void
roll_write_head(struct chat_buf *call, const struct roll_head *head)
{
	chat_buf_printf(call,
		"{\"roll\":\"%s\",\"server\":\"%.*s\",\"version\":%" PRId64 ",\"part\":%" PRId64
		",\"parts\":%" PRId64,
		kinds[head->kind], (int)head->server.len, head->server.at, head->version,
		head->part, head->parts);
	if (head->asked.len)
		chat_buf_printf(call, ",\"asked\":\"%.*s\"", (int)head->asked.len, head->asked.at);
	chat_buf_append_string(call, "}\n");
}

void
roll_write_line(struct chat_buf *call, struct chat_span channel, struct chat_span id,
	struct chat_span name_json, int64_t since_ms, bool here)
{
	chat_buf_printf(call,
		"{\"channel\":\"%.*s\",\"userId\":\"%.*s\",\"username\":%.*s,\"since\":%" PRId64
		",\"online\":%s}\n",
		(int)channel.len, channel.at, (int)id.len, id.at, (int)name_json.len, name_json.at,
		since_ms, here ? "true" : "false");
}

/* ---- reading ---- */

/* Removes the first line. Returns -1 if it is not valid UTF-8. */
static int
take_line(struct chat_span *call, struct chat_span *line, struct chat_err *err)
{
	const char *newline = memchr(call->at, '\n', call->len);

	*line = (struct chat_span){call->at, newline ? (size_t)(newline - call->at) : call->len};
	call->at += newline ? line->len + 1 : line->len;
	call->len -= newline ? line->len + 1 : line->len;
	return chat_utf8_check(line->at, line->len) == line->len
		? 0
		: chat_fail(err, CHAT_BAD_UTF8, "not UTF-8");
}

static int
find(struct chat_span line, const char *name, enum chat_json_kind kind,
	struct chat_json_value *value, struct chat_err *err)
{
	if (json_find(line, chat_span_of(name), value) && value->kind == kind)
		return 0;
	return chat_fail(err, CHAT_BAD_MESSAGE, "no %s, or a wrong one", name);
}

static int
find_number(struct chat_span line, const char *name, int64_t *number, struct chat_err *err)
{
	struct chat_json_value value;

	if (find(line, name, CHAT_JSON_NUMBER, &value, err) < 0)
		return -1;
	if (!chat_json_int64(value.raw, number) || *number < 0)
		return chat_fail(err, CHAT_BAD_MESSAGE, "%s is no number", name);
	return 0;
}

static int
find_kind(struct chat_span line, enum roll_kind *kind, struct chat_err *err)
{
	struct chat_json_value value;

	if (find(line, "roll", CHAT_JSON_STRING, &value, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (chat_json_string_is(&value, chat_span_of(kinds[i]))) {
			*kind = (enum roll_kind)i;
			return 0;
		}
	return chat_fail(err, CHAT_BAD_MESSAGE, "an unknown kind of call");
}

static bool
is_server_name(struct chat_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!chat_is_alnum(name.at[i]))
			return false;
	return name.len > 0 && name.len <= ROLL_SERVER_MAX;
}

int
roll_read_head(struct chat_span *call, struct roll_head *head, struct chat_err *err)
{
	struct chat_json_value server, asked;
	struct chat_span line;

	if (take_line(call, &line, err) < 0 || find_kind(line, &head->kind, err) < 0 ||
		find(line, "server", CHAT_JSON_STRING, &server, err) < 0 ||
		find_number(line, "version", &head->version, err) < 0 ||
		find_number(line, "part", &head->part, err) < 0 ||
		find_number(line, "parts", &head->parts, err) < 0)
		return -1;
	head->server = chat_json_inside(&server);
	head->asked = (struct chat_span){0};
	if (json_find(line, CHAT_SPAN("asked"), &asked) && asked.kind == CHAT_JSON_STRING)
		head->asked = chat_json_inside(&asked);
	if (!is_server_name(head->server))
		return chat_fail(err, CHAT_BAD_MESSAGE, "the name of the server");
	return 0;
}

/* Decodes a string into an array, and sets the span to it. */
static int
find_string(struct chat_span line, const char *name, char *bytes, size_t size,
	struct chat_span *span, struct chat_json_value *value, struct chat_err *err)
{
	size_t len;

	if (find(line, name, CHAT_JSON_STRING, value, err) < 0)
		return -1;
	len = chat_json_unescape(value, bytes, size);
	if (len == (size_t)-1)
		return chat_fail(err, CHAT_BAD_MESSAGE, "%s is too long", name);
	*span = (struct chat_span){bytes, len};
	return 0;
}

int
roll_read_line(struct chat_span *call, struct roll_line *line, struct chat_err *err)
{
	struct chat_json_value value;
	struct chat_span text;

	if (take_line(call, &text, err) < 0 ||
		find_string(text, "channel", line->channel_bytes, CHAT_CHANNEL_MAX, &line->channel,
			&value, err) < 0 ||
		find_string(text, "username", line->name_bytes, sizeof(line->name_bytes),
			&line->name, &value, err) < 0 ||
		find_string(text, "userId", line->id_bytes, sizeof(line->id_bytes), &line->id,
			&value, err) < 0 ||
		chat_user_id_check(&value, err) < 0 || chat_username_check(line->name, err) < 0 ||
		find_number(text, "since", &line->since_ms, err) < 0 ||
		find(text, "online", CHAT_JSON_BOOLEAN, &value, err) < 0)
		return -1;
	line->here = chat_span_equal(value.raw, CHAT_SPAN("true"));
	if (!chat_channel_valid(line->channel))
		return chat_fail(err, CHAT_BAD_MESSAGE, "not a channel");
	return 0;
}
