/* The id of the last message that was dealt with, where the next connection goes on. */
#include "client/position.h"

#include "chat/json.h"
#include "client/history_reader.h"
#include "text/clock.h"

#define AHEAD_MOST_MS ((int64_t)24 * 60 * 60 * 1000) /* ahead of our clock */

void
chat_position_begin(struct position *position, const char *since)
{
	*position = (struct position){.newest_ms = INT64_MIN, .believed_until_ms = INT64_MIN};
	chat_buf_append_string(&position->id, since ? since : "");
	chat_buf_append(&position->id, "", 1);
}

void
chat_position_set(struct position *position, const char *id)
{
	position->id.len = 0;
	chat_buf_append_string(&position->id, id);
	chat_buf_append(&position->id, "", 1);
}

void
chat_position_change_server(struct position *position)
{
	position->newest_ms = INT64_MIN;
}

void
chat_position_free(struct position *position)
{
	chat_buf_free(&position->id);
}

const char *
chat_position_id(const struct position *position)
{
	return position->id.at;
}

/* Returns true for a possible time. After an impossible one later messages would seem old. */
static bool
is_believable(struct position *position, int64_t newest_ms)
{
	if (newest_ms > position->believed_until_ms) /* the clock is not read for every message */
		position->believed_until_ms = chat_unix_ms() + AHEAD_MOST_MS;
	return newest_ms <= position->believed_until_ms;
}

static void
note_message(struct position *position, const struct chat_msg *msg)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_ID];
	int64_t newest_ms = 0;
	char *at;

	if (id->raw.len > POSITION_ID_MAX_BYTES) {
		position->refused = true;
		return;
	}
	chat_json_int64(msg->value[CHAT_SLOT_TIMESTAMP].raw, &newest_ms);
	if (newest_ms < position->newest_ms)
		return;
	if (is_believable(position, newest_ms))
		position->newest_ms = newest_ms;
	position->id.len = 0;
	at = chat_buf_reserve(&position->id, id->raw.len);
	position->id.len = chat_json_unescape(id, at, id->raw.len);
	position->id.at[position->id.len] = '\0'; /* raw is longer by two quotes */
}

void
chat_position_note(struct position *position, const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;

	if (msg->type == CHAT_TYPE_MESSAGE)
		note_message(position, msg);
	if (msg->type != CHAT_TYPE_HISTORY)
		return;
	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		note_message(position, &past);
}
