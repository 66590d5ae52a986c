/* A history is one message of the server, which holds earlier messages. */
#include "client/history_reader.h"

void
chat_history_reader_begin(struct history_reader *history, const struct chat_msg *msg)
{
	*history = (struct history_reader){.ended = !chat_msg_has(msg, CHAT_SLOT_MESSAGES)};
	if (history->ended)
		return;
	chat_json_begin(&history->json, msg->value[CHAT_SLOT_MESSAGES].raw);
	history->ended = chat_json_enter(&history->json, &history->first, NULL) < 0;
}

/* Steps to the next element of the array. Returns false at the end. */
static bool
step(struct history_reader *history, struct chat_span *text)
{
	struct chat_json_value value;

	if (history->ended || chat_json_element(&history->json, &history->first, NULL) <= 0 ||
		chat_json_read(&history->json, &value, NULL) < 0) {
		history->ended = true;
		return false;
	}
	*text = value.raw;
	return true;
}

bool
chat_history_reader_next(
	struct history_reader *history, struct chat_span *text, struct chat_msg *msg)
{
	while (step(history, text))
		if (chat_msg_read(msg, *text, CHAT_FROM_SERVER, NULL) == 0 &&
			msg->type == CHAT_TYPE_MESSAGE)
			return true;
	return false;
}

size_t
chat_history_count(const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	size_t count = 0;

	chat_history_reader_begin(&history, msg);
	while (step(&history, &text))
		count++;
	return count;
}

int64_t
chat_history_count_to(const struct chat_msg *msg, const char *id)
{
	struct chat_span wanted = chat_span_of(id), text;
	int64_t count = 0, found = 0;
	struct history_reader history;
	struct chat_msg past;

	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past)) {
		count++;
		if (chat_json_string_is(&past.value[CHAT_SLOT_ID], wanted))
			found = count;
	}
	return found;
}

bool
chat_history_continues(const struct chat_msg *msg, const char *last_id, const struct seen *seen)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;

	if (chat_msg_has(msg, CHAT_SLOT_COMPLETE))
		return msg->value[CHAT_SLOT_COMPLETE].raw.at[0] == 't';
	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		if (chat_seen_has(seen, &past.value[CHAT_SLOT_ID]) ||
			chat_json_string_is(&past.value[CHAT_SLOT_ID], chat_span_of(last_id)))
			return true;
	return false;
}
