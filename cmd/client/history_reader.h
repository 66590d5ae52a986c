#ifndef CLIENT_HISTORY_READER_H
#define CLIENT_HISTORY_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"

/*
 * Steps through the messages of a `history`, oldest first.
 */
struct history_reader {
	struct chat_json json;
	bool first;
	bool ended;
};

/* msg is a history that was read. */
void history_reader_begin(struct history_reader *history, const struct chat_msg *msg);

/* The next message: its bytes, and read into msg. False at the end. */
bool history_reader_next(
	struct history_reader *history, struct chat_span *text, struct chat_msg *msg);

/* How many there are. */
size_t history_count(const struct chat_msg *msg);

#endif
