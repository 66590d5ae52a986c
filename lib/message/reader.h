#ifndef CHAT_MESSAGE_READER_H
#define CHAT_MESSAGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/type.h"
#include "message/finding.h"

/*
 * The state of reading one message. Private to msg.c and msg_type.c.
 */
struct chat_reader {
	struct chat_json json;
	struct chat_msg *msg; /* gets the valid values; borrowed */
	struct chat_findings findings;
	bool strict;
	struct chat_err err; /* the JSON error; valid if reading returned -1 */
};

/*
 * Returns the decoded string. If the string has escapes, it is decoded into storage; if it does not
 * fit, the length of the result is (size_t)-1, so that it equals no word.
 */
static inline struct chat_span
chat_short_string(const struct chat_json_value *string, char *storage, size_t size)
{
	if (!string->escaped)
		return chat_json_inside(string);
	return (struct chat_span){storage, chat_json_unescape(string, storage, size)};
}

/*
 * Defined in msg_type.c. These functions read the object at the cursor and do not move the cursor.
 */

/* Finds the value of `type`. Returns 1 if it is found, 0 if the object has none, or -1 at a JSON
 * error before it. */
int chat_reader_find_type(struct chat_reader *reader, struct chat_json_value *type);

/* Returns the type that the value names. If `from` may not send it, or the value names no type,
 * adds a finding and returns CHAT_TYPE_UNKNOWN. */
enum chat_type chat_reader_check_type(
	struct chat_reader *reader, const struct chat_json_value *value, enum chat_direction from);

/*
 * Returns the type of an object without `type`: text if it has `text`, file if it has `file`, else
 * CHAT_TYPE_UNKNOWN.
 */
enum chat_type chat_reader_guess_type(const struct chat_reader *reader);

#endif
