#ifndef CHAT_MESSAGE_READER_H
#define CHAT_MESSAGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/rules.h"
#include "message/finding.h"

/*
 * The state of reading one message. Private to msg.c and msg_type.c.
 */
struct chat_reader {
	struct chat_json json;
	struct chat_msg *msg; /* the caller's; filled as far as values are valid */
	struct chat_findings findings;
	bool strict;
	struct chat_err err; /* the JSON error that ended the reading; valid after a -1 */
};

/*
 * Returns the decoded string, in storage if it has escapes. A string that does not fit has a length
 * of (size_t)-1, so that it equals no word.
 */
static inline struct chat_span
chat_short_string(const struct chat_json_value *string, char *storage, size_t size)
{
	if (!string->escaped)
		return chat_json_inside(string);
	return (struct chat_span){storage, chat_json_unescape(string, storage, size)};
}

/*
 * Defined in msg_type.c. Each looks at the object at the cursor and does not move the cursor.
 */

/* Finds the value of `type`. Returns 1, 0 if there is none, or -1 at a JSON error before it. */
int chat_reader_find_type(struct chat_reader *reader, struct chat_json_value *type);

/* Returns the type that the value names; or CHAT_TYPE_UNKNOWN, after adding a finding. */
enum chat_type chat_reader_check_type(
	struct chat_reader *reader, const struct chat_json_value *value, enum chat_direction from);

/*
 * Returns the type of an object without `type`: text if it has `text`, file if it has `file`, else
 * CHAT_TYPE_UNKNOWN.
 */
enum chat_type chat_reader_guess_type(const struct chat_reader *reader);

#endif
