#ifndef SERVE_JOURNAL_LINE_H
#define SERVE_JOURNAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/journal/message_id.h"

/*
 * A `message` in the form in which this server writes it (encode_message): the properties are in a
 * fixed order, without white space between them. The spans point into the parsed text; escapes in
 * strings are not decoded.
 */
struct journal_line {
	uint64_t epoch, number; /* the parts of its id */
	int64_t timestamp_ms;
	struct chat_span channel, sender_id; /* without quotes; they contain no escapes */
	struct chat_span nonce_json; /* with quotes; empty if there is no nonce */
	uint32_t data_at, data_len; /* range of `"data":"…"` in the text; length 0: no file */
};

/*
 * Parses a line without its newline. Returns false, with *line undefined, if it has another form.
 * Does not check that strings are valid UTF-8.
 */
bool journal_line_read(struct journal_line *line, struct chat_span text);

#endif
