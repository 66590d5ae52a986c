#ifndef CLIENT_HISTORY_READER_H
#define CLIENT_HISTORY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/seen.h"

/* Steps through the messages of a `history`, oldest first. */
struct history_reader {
	struct chat_json json;
	bool first; /* as chat_json_enter() sets it */
	bool ended;
};

/* Begins. msg is a history; its line must stay valid while it is read. */
void chat_history_reader_begin(struct history_reader *history, const struct chat_msg *msg);

/* Reads the next message into msg, and its bytes into *text. Returns false at the end. */
bool chat_history_reader_next(
	struct history_reader *history, struct chat_span *text, struct chat_msg *msg);

/* Returns the number of messages in a history. */
size_t chat_history_count(const struct chat_msg *msg);

/* Returns the number of its messages up to the one with this id; 0 if it does not have that. */
int64_t chat_history_count_to(const struct chat_msg *msg, const char *id);

/*
 * Returns true if no message is missing between the message with this id, the last one before, and
 * a history: the server says so, or the history has a message that was seen, or that one.
 */
bool chat_history_continues(
	const struct chat_msg *msg, const char *last_id, const struct seen *seen);

#endif
