/*
 * --human: messages for people. All text from other users is written by chat_show(), so that no
 * control character reaches the terminal. The layout of a text is made by human_text.c.
 */
#include "listen/human.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/history_reader.h"
#include "text/clock.h"
#include "text/json_strdup.h"
#include "text/show.h"

#define DIM "\033[2m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void
style(struct chat_buf *out, bool color, const char *code)
{
	if (color)
		chat_buf_append_string(out, code);
}

/*
 * Appends a name, or a channel: one word that nothing in it can end. Characters in `escaped` and
 * backslashes are escaped.
 */
static void
show_word(struct chat_buf *out, struct chat_span name, const char *escaped)
{
	const char *end = name.at + name.len;

	for (const char *at = name.at; at < end; at++) {
		if (*at != '\\' && !strchr(escaped, *at))
			continue;
		chat_show_name(out, (struct chat_span){name.at, (size_t)(at - name.at)});
		chat_buf_printf(out, "\\x%02x", (unsigned char)*at);
		name.at = at + 1;
	}
	chat_show_name(out, (struct chat_span){name.at, (size_t)(end - name.at)});
}

static void
show_name(struct chat_buf *out, const struct chat_json_value *value)
{
	char *string = chat_json_strdup(value);

	chat_buf_append_string(out, "<");
	show_word(out, chat_span_of(string), "<>");
	chat_buf_append_string(out, ">");
	free(string);
}

/* Returns a number that is different for each day. */
static int
day_of(const struct tm *parts)
{
	return (parts->tm_year + 1900) * 1000 + parts->tm_yday + 1;
}

/* Appends a line with the date if it is not the day of the last message. */
static void
show_day(struct human *human, struct chat_buf *out, const struct tm *parts)
{
	char text[40];

	if (human->day == day_of(parts))
		return;
	human->day = day_of(parts);
	strftime(text, sizeof(text), "--- %a %Y-%m-%d\n", parts);
	style(out, human->color, DIM);
	chat_buf_append_string(out, text);
	style(out, human->color, PLAIN);
}

/*
 * Appends the local time of day, after a line with the date if the day has changed. Appends nothing
 * if the time is out of range. Returns the offset of the line.
 */
static size_t
show_time(struct human *human, struct chat_buf *out, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	char text[16];
	size_t start;

	if (!localtime_r(&seconds, &parts))
		return out->len;
	show_day(human, out, &parts);
	start = out->len;
	strftime(text, sizeof(text), "%H:%M:%S ", &parts);
	style(out, human->color, DIM);
	chat_buf_append_string(out, text);
	style(out, human->color, PLAIN);
	return start;
}

/* Appends the channel or URL, if there are several. */
static void
show_where(const struct human *human, struct chat_buf *out, struct chat_span where)
{
	if (where.len == 0)
		return;
	style(out, human->color, DIM);
	show_word(out, where, "<> ");
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, " ");
}

/*
 * Begins the line of a message without a time. Appends the time now, but nothing for a message of a
 * log; and the channel or URL. Returns the offset of the line.
 */
static size_t
begin_line(struct human *human, struct chat_buf *out, struct chat_span where)
{
	size_t start = out->len;

	if (human->live)
		start = show_time(human, out, chat_unix_ms());
	show_where(human, out, where);
	return start;
}

/* Begins the color of a user, which is always the same. Red is for errors. */
static void
style_name(struct chat_buf *out, const struct chat_json_value *name, bool color)
{
	static const char *const colors[] = {
		"\033[32m", "\033[33m", "\033[34m", "\033[35m", "\033[36m", "\033[94m"};
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name->raw.len; i++)
		hash = (hash ^ (unsigned char)name->raw.at[i]) * 16777619u;
	style(out, color, colors[hash % (sizeof(colors) / sizeof(colors[0]))]);
}

/* Appends a text, with the lines after its first one indented by what is before it in the line. */
static void
write_text(struct human *human, struct chat_buf *out, size_t line_start,
	const struct chat_json_value *value)
{
	char *string = chat_json_strdup(value);

	human_text_write(&human->layout, out, line_start, chat_span_of(string));
	free(string);
}

static void
write_file(struct chat_buf *out, const struct chat_msg *msg)
{
	char *type = chat_json_strdup(&msg->value[CHAT_SLOT_FILE_TYPE]);

	chat_buf_append_string(out, " [file, ");
	chat_show(out, chat_span_of(type));
	chat_buf_append_string(out, ", ");
	chat_show(out, msg->value[CHAT_SLOT_FILE_SIZE].raw);
	chat_buf_append_string(out, " bytes]");
	free(type);
}

static void
write_message(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where)
{
	size_t start = out->len;
	int64_t unix_ms;

	if (chat_json_int64(msg->value[CHAT_SLOT_TIMESTAMP].raw, &unix_ms))
		start = show_time(human, out, unix_ms);
	show_where(human, out, where);
	style_name(out, &msg->value[CHAT_SLOT_SENDER], human->color);
	show_name(out, &msg->value[CHAT_SLOT_SENDER]);
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, " ");
	write_text(human, out, start, &msg->value[CHAT_SLOT_CONTENT]);
	if (chat_msg_has(msg, CHAT_SLOT_FILE_TYPE) && chat_msg_has(msg, CHAT_SLOT_FILE_SIZE))
		write_file(out, msg);
	chat_buf_append_string(out, "\n");
}

static void
write_history(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;

	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		write_message(human, out, &past, where);
}

static void
write_status(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where)
{
	bool online = msg->value[CHAT_SLOT_ONLINE].raw.at[0] == 't';

	begin_line(human, out, where);
	style(out, human->color, DIM);
	chat_buf_append_string(out, "* ");
	show_name(out, &msg->value[CHAT_SLOT_USERNAME]);
	chat_buf_append_string(out, online ? " is here" : " left");
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, "\n");
}

/* Appends the names of the users who are online, or "nobody". */
static void
write_users(struct chat_buf *out, const struct chat_msg *msg)
{
	struct chat_json_value key, value, name;
	struct chat_json json;
	bool first, first_key, online, any = false;

	chat_json_begin(&json, msg->value[CHAT_SLOT_USERS].raw);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return;
	while (chat_json_element(&json, &first, NULL) > 0) {
		online = false;
		name.raw.len = 0;
		if (chat_json_enter(&json, &first_key, NULL) < 0)
			return;
		while (chat_json_member(&json, &first_key, &key, NULL) > 0) {
			if (chat_json_read(&json, &value, NULL) < 0)
				return;
			if (chat_json_string_is(&key, CHAT_SPAN("username")))
				name = value;
			else if (chat_json_string_is(&key, CHAT_SPAN("online")))
				online = value.raw.at[0] == 't';
		}
		if (!online || name.raw.len == 0)
			continue;
		chat_buf_append_string(out, any ? ", " : " ");
		show_name(out, &name);
		any = true;
	}
	if (!any)
		chat_buf_append_string(out, " nobody");
}

static void
write_user_data(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where)
{
	begin_line(human, out, where);
	style(out, human->color, DIM);
	chat_buf_append_string(out, "* here:");
	write_users(out, msg);
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, "\n");
}

static void
write_error(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where)
{
	size_t start = begin_line(human, out, where);

	style(out, human->color, RED);
	chat_buf_append_string(out, "! ");
	write_text(human, out, start, &msg->value[CHAT_SLOT_CODE]);
	chat_buf_append_string(out, ": ");
	write_text(human, out, start, &msg->value[CHAT_SLOT_MESSAGE]);
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, "\n");
}

void
human_begin(struct human *human, bool color, bool live, int fd)
{
	time_t now = (time_t)(chat_unix_ms() / 1000);
	struct tm parts;

	*human = (struct human){.color = color, .live = live, .terminal_fd = isatty(fd) ? fd : -1};
	human_text_begin(&human->layout);
	if (live && localtime_r(&now, &parts))
		human->day = day_of(&parts);
}

void
human_end(struct human *human)
{
	human_text_end(&human->layout);
}

void
human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where, struct chat_span text)
{
	size_t start = out->len;

	if (human->terminal_fd >= 0)
		human->layout.width = columns_of_terminal(human->terminal_fd);
	switch (msg->type) {
	case CHAT_TYPE_MESSAGE:
		write_message(human, out, msg, where);
		break;
	case CHAT_TYPE_HISTORY:
		write_history(human, out, msg, where);
		break;
	case CHAT_TYPE_USER_STATUS:
		write_status(human, out, msg, where);
		break;
	case CHAT_TYPE_USER_DATA:
		write_user_data(human, out, msg, where);
		break;
	case CHAT_TYPE_ERROR:
		write_error(human, out, msg, where);
		break;
	default:
		show_where(human, out, where);
		human_text_write(&human->layout, out, start, text);
		chat_buf_append_string(out, "\n");
	}
}
