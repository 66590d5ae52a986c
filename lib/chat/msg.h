#ifndef CHAT_MSG_H
#define CHAT_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/rules.h"
#include "chat/span.h"

/*
 * A message read from untrusted bytes and checked against every rule of the table. The values are
 * spans of the line, which it borrows; value[slot] is meaningful only where chat_msg_has() says so.
 */
struct chat_msg {
	enum chat_type type;
	struct chat_span line; /* the whole object, outer white space stripped */
	uint64_t has; /* a bit per slot */
	struct chat_json_value value[CHAT_SLOTS];
};

static inline bool
chat_msg_has(const struct chat_msg *msg, enum chat_slot slot)
{
	return (msg->has >> slot & 1) != 0;
}

/*
 * Reads one message. 0, or -1 with the first error: bad_utf8, a JSON error, duplicate_key,
 * unknown_type, bad_message (err->field says where), bad_base64, text_too_long, text_empty.
 * A type of the other direction than `from` allows is unknown_type. An addition of a wrong shape
 * counts as absent.
 */
int chat_msg_read(struct chat_msg *msg, struct chat_span line, enum chat_direction from,
	struct chat_err *err);

/* Gets each finding in the order of the line. The error is valid during the call only. */
typedef void chat_msg_report(void *arg, const struct chat_err *finding);

enum chat_msg_how {
	CHAT_MSG_STRICT = 1,
	CHAT_MSG_IS_UTF8 = 2 /* the line is known to be */
};

/*
 * All the findings of a line, not only the first. how are bits of enum chat_msg_how: strict adds
 * what the specification leaves open: duplicate keys anywhere, usernames no server takes, additions
 * of a wrong shape, base64 that is not canonical or not of `file.size` bytes. msg (may be NULL) is
 * filled where the type is known. Returns the number of findings. Only strict checking allocates.
 */
unsigned chat_msg_check(struct chat_msg *msg, struct chat_span line, enum chat_direction from,
	unsigned how, chat_msg_report *report, void *arg);

/* A string value decoded; NUL-terminated, the caller frees. A message holds no U+0000. */
char *chat_msg_string(const struct chat_json_value *string);

/*
 * Whether the server takes a username (already 3..20 code points): no C0, C1, U+2028/2029 or
 * bidirectional control, no white space at either end. Fails with bad_username.
 */
int chat_username_check(struct chat_span decoded, struct chat_err *err);

#endif
