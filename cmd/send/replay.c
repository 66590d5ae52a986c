/*
 * --replay: the messages of a log are sent again. The bytes of `content` in the log become those of
 * `text`.
 */
#include "send/replay.h"

#include "chat/msg.h"
#include "text/buf.h"

/* Appends the members from which a draft learns where the message comes from. */
static void
append_way(struct chat_buf *line, const struct chat_msg *msg)
{
	static const enum chat_slot slots[] = {
		CHAT_SLOT_ID, CHAT_SLOT_CHANNEL, CHAT_SLOT_VIA, CHAT_SLOT_HOPS};
	static const char *const names[] = {"id", "channel", "via", "hops"};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		if (!chat_msg_has(msg, slots[i]))
			continue;
		chat_buf_printf(line, ",\"%s\":", names[i]);
		chat_buf_append_span(line, msg->value[slots[i]].raw);
	}
}

/* Makes a draft of a message of a server. */
static int
draft_message(struct draft *draft, const struct chat_msg *msg, struct chat_err *err)
{
	bool file = chat_msg_has(msg, CHAT_SLOT_FILE);
	struct chat_buf line = {0};
	int made;

	if (file) {
		chat_buf_append_string(&line, "{\"type\":\"file\",\"file\":");
		chat_buf_append_span(&line, msg->value[CHAT_SLOT_FILE].raw);
	} else {
		chat_buf_append_string(&line, "{\"type\":\"text\",\"text\":");
		chat_buf_append_span(&line, msg->value[CHAT_SLOT_CONTENT].raw);
	}
	append_way(&line, msg);
	chat_buf_append_string(&line, "}");
	made = chat_draft_read(draft, chat_buf_span(&line), err);
	chat_buf_free(&line);
	return made < 0 ? -1 : 1;
}

int
replay_read(struct draft *draft, struct chat_span line, int64_t *timestamp_ms, struct chat_err *err)
{
	struct chat_msg msg;

	*timestamp_ms = -1;
	if (chat_msg_read(&msg, line, CHAT_FROM_ANY, err) < 0)
		return -1;
	switch (msg.type) {
	case CHAT_TYPE_MESSAGE:
		if (!chat_json_int64(msg.value[CHAT_SLOT_TIMESTAMP].raw, timestamp_ms))
			*timestamp_ms = -1;
		return draft_message(draft, &msg, err);
	case CHAT_TYPE_TEXT:
	case CHAT_TYPE_FILE:
		return chat_draft_read(draft, line, err) < 0 ? -1 : 1;
	default:
		return 0;
	}
}
