#ifndef CHAT_MSG_H
#define CHAT_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/span.h"
#include "chat/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More than CHAT_SLOTS, so that the size of a message never changes. */
#define CHAT_MSG_VALUES 64

/*
 * A message that was read from untrusted bytes and checked by the rules of its type. The
 * values are spans of the line, which must outlive the message; value[slot] is valid only if
 * chat_msg_has() returns true for it.
 */
struct chat_msg {
	enum chat_type type;
	struct chat_span line; /* the whole object, without white space around it */
	uint64_t has; /* one bit for each valid slot */
	struct chat_json_value value[CHAT_MSG_VALUES];
};

/* Returns true if the message has a valid value for this slot. */
static inline bool
chat_msg_has(const struct chat_msg *msg, enum chat_slot slot)
{
	return (msg->has >> slot & 1) != 0;
}

/*
 * Reads one message. Returns 0, or -1 with the first error: bad_utf8, a JSON error, duplicate_key,
 * unknown_type, bad_message (err->field names the property), bad_base64, text_too_long, text_empty.
 * A type that `from` may not send is unknown_type. An additional property of a wrong shape is
 * ignored.
 */
int chat_msg_read(struct chat_msg *msg, struct chat_span line, enum chat_direction from,
	struct chat_err *err);

/*
 * As chat_msg_read, for a line that the caller knows to be valid UTF-8, such as a text that
 * a WebSocket library has checked.
 */
int chat_msg_read_utf8(struct chat_msg *msg, struct chat_span line, enum chat_direction from,
	struct chat_err *err);

/*
 * Called for each finding, in the order of their offsets in the line. The finding is valid only
 * during the call.
 */
typedef void chat_msg_report(void *arg, const struct chat_err *finding);

enum chat_msg_how {
	CHAT_MSG_STRICT = 1,
	CHAT_MSG_IS_UTF8 = 2 /* the caller knows that the line is valid UTF-8 */
};

/*
 * Reports all findings about a line, not only the first. `how` is a set of enum chat_msg_how bits.
 * Strict checking adds what the specification leaves open: duplicate keys anywhere, usernames that
 * servers refuse, additional properties of a wrong shape, base64 that is not canonical or does not
 * have `file.size` bytes. msg may be NULL; if it is not, it gets the valid values of a known type.
 * Returns the number of findings, or -1 if there is no memory. Only strict checking allocates
 * memory.
 */
int chat_msg_check(struct chat_msg *msg, struct chat_span line, enum chat_direction from,
	unsigned how, chat_msg_report *report, void *arg);

/*
 * Returns a string value, decoded and NUL-terminated, or NULL if there is no memory; the caller
 * must free(3) it. It contains no other NUL, because a message has no U+0000.
 */
char *chat_msg_string(const struct chat_json_value *string);

/*
 * The value of a slot. chat_msg_get_string returns it as chat_msg_string, or NULL if the message
 * has no string there; the others return false then.
 */
char *chat_msg_get_string(const struct chat_msg *msg, enum chat_slot slot);
bool chat_msg_get_integer(const struct chat_msg *msg, enum chat_slot slot, int64_t *value);
bool chat_msg_get_boolean(const struct chat_msg *msg, enum chat_slot slot, bool *value);

/*
 * Returns the decoded bytes of file.data and sets *size to their number; the caller must free(3)
 * them. Returns NULL with CHAT_BAD_MESSAGE if the message has no file or its data was left out, or
 * with CHAT_NO_MEMORY.
 */
void *chat_msg_file(const struct chat_msg *msg, size_t *size, struct chat_err *err);

/*
 * For languages that cannot declare a struct chat_msg: returns an empty message, or NULL if there
 * is no memory. The caller frees it with chat_msg_free, for which NULL does nothing.
 */
struct chat_msg *chat_msg_new(void);
void chat_msg_free(struct chat_msg *msg);

/* Returns the type of a message that was read. */
enum chat_type chat_msg_type(const struct chat_msg *msg);

#ifdef __cplusplus
}
#endif

#endif
