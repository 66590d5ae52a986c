/*
 * --human: messages for people. All text from other users is written by chat_show(), so that a
 * message is one line and no control character reaches the terminal.
 */
#include "listen/human.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "client/history_reader.h"
#include "text/clock.h"
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

static void
show_string(struct chat_buf *out, const struct chat_json_value *value)
{
	char *string = chat_msg_string(value);

	chat_show(out, chat_span_of(string));
	free(string);
}

static void
show_name(struct chat_buf *out, const struct chat_json_value *value)
{
	char *string = chat_msg_string(value);

	chat_show_name(out, chat_span_of(string));
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
 * if the time is out of range.
 */
static void
show_time(struct human *human, struct chat_buf *out, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	char text[16];

	if (!localtime_r(&seconds, &parts))
		return;
	show_day(human, out, &parts);
	strftime(text, sizeof(text), "%H:%M:%S ", &parts);
	style(out, human->color, DIM);
	chat_buf_append_string(out, text);
	style(out, human->color, PLAIN);
}

/* Appends the time now, for a message without a time; nothing for a message of a log. */
static void
show_moment(struct human *human, struct chat_buf *out)
{
	if (human->live)
		show_time(human, out, chat_unix_ms());
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

static void
write_message(struct human *human, struct chat_buf *out, const struct chat_msg *msg)
{
	bool color = human->color;
	int64_t unix_ms;

	if (chat_json_int64(msg->value[CHAT_SLOT_TIMESTAMP].raw, &unix_ms))
		show_time(human, out, unix_ms);
	style_name(out, &msg->value[CHAT_SLOT_SENDER], color);
	chat_buf_append_string(out, "<");
	show_name(out, &msg->value[CHAT_SLOT_SENDER]);
	chat_buf_append_string(out, ">");
	style(out, color, PLAIN);
	chat_buf_append_string(out, " ");
	show_string(out, &msg->value[CHAT_SLOT_CONTENT]);
	if (chat_msg_has(msg, CHAT_SLOT_FILE_TYPE) && chat_msg_has(msg, CHAT_SLOT_FILE_SIZE)) {
		chat_buf_append_string(out, " [file, ");
		show_string(out, &msg->value[CHAT_SLOT_FILE_TYPE]);
		chat_buf_append_string(out, ", ");
		chat_show(out, msg->value[CHAT_SLOT_FILE_SIZE].raw);
		chat_buf_append_string(out, " bytes]");
	}
	chat_buf_append_string(out, "\n");
}

static void
write_history(struct human *human, struct chat_buf *out, const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;

	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		write_message(human, out, &past);
}

static void
write_status(struct human *human, struct chat_buf *out, const struct chat_msg *msg)
{
	bool online = msg->value[CHAT_SLOT_ONLINE].raw.at[0] == 't';

	show_moment(human, out);
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
write_user_data(struct human *human, struct chat_buf *out, const struct chat_msg *msg)
{
	show_moment(human, out);
	style(out, human->color, DIM);
	chat_buf_append_string(out, "* here:");
	write_users(out, msg);
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, "\n");
}

static void
write_error(struct human *human, struct chat_buf *out, const struct chat_msg *msg)
{
	show_moment(human, out);
	style(out, human->color, RED);
	chat_buf_append_string(out, "! ");
	show_string(out, &msg->value[CHAT_SLOT_CODE]);
	chat_buf_append_string(out, ": ");
	show_string(out, &msg->value[CHAT_SLOT_MESSAGE]);
	style(out, human->color, PLAIN);
	chat_buf_append_string(out, "\n");
}

void
human_begin(struct human *human, bool color, bool live)
{
	time_t now = (time_t)(chat_unix_ms() / 1000);
	struct tm parts;

	*human = (struct human){.color = color, .live = live};
	if (live && localtime_r(&now, &parts))
		human->day = day_of(&parts);
}

void
human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span text)
{
	switch (msg->type) {
	case CHAT_TYPE_MESSAGE:
		write_message(human, out, msg);
		break;
	case CHAT_TYPE_HISTORY:
		write_history(human, out, msg);
		break;
	case CHAT_TYPE_USER_STATUS:
		write_status(human, out, msg);
		break;
	case CHAT_TYPE_USER_DATA:
		write_user_data(human, out, msg);
		break;
	case CHAT_TYPE_ERROR:
		write_error(human, out, msg);
		break;
	default:
		chat_show(out, text);
		chat_buf_append_string(out, "\n");
	}
}
