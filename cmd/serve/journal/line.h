#ifndef SERVE_JOURNAL_LINE_H
#define SERVE_JOURNAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/journal/message_id.h"

/*
 * A `message` as this server writes it (encode_message), taken apart without decoding: its
 * properties in their one order, no white space between them. Strings that hold escapes keep them.
 */
struct journal_line {
	uint64_t epoch, number; /* of its id */
	int64_t timestamp_ms;
	struct chat_span channel, sender_id; /* without quotes; they hold no escapes */
	struct chat_span nonce_json; /* length 0: none */
	uint32_t data_at, data_len; /* of `"data":"…"`; 0: no file */
};

/* false for any other bytes. It checks where things are, not that strings are UTF-8. */
bool journal_line_read(struct journal_line *line, struct chat_span text);

#endif
