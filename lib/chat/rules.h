#ifndef CHAT_RULES_H
#define CHAT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * The eight messages as one table: type, direction, properties, kinds, limits. Reading, checking,
 * the JSON Schema and the tests follow this table. Source: the specification (Chat WebSocket API
 * 1.0.0). Rules with `addition` are this project's additional properties (marked + in
 * chat-protocol(7)). An additional property of another shape counts as unknown, and only strict
 * checking reports it.
 */
enum chat_type {
	CHAT_TYPE_INIT,
	CHAT_TYPE_TEXT,
	CHAT_TYPE_FILE,
	CHAT_TYPE_MESSAGE,
	CHAT_TYPE_ERROR,
	CHAT_TYPE_USER_DATA,
	CHAT_TYPE_USER_STATUS,
	CHAT_TYPE_HISTORY,
	CHAT_TYPES,
	CHAT_TYPE_UNKNOWN = CHAT_TYPES
};

enum chat_direction {
	CHAT_FROM_CLIENT = 1,
	CHAT_FROM_SERVER = 2,
	CHAT_FROM_ANY = 3,
	/*
	 * Input of chat-send: a text or file of a client, with or without `type`. An object without
	 * `type` is a text if it has `text`, else a file if it has `file`.
	 */
	CHAT_FROM_INPUT = 4
};

/*
 * The index of a property's value in struct chat_msg. Properties with the same path have the same
 * slot in all messages.
 */
enum chat_slot {
	CHAT_SLOT_TYPE,
	CHAT_SLOT_ID,
	CHAT_SLOT_USERNAME,
	CHAT_SLOT_TEXT,
	CHAT_SLOT_FILE,
	CHAT_SLOT_FILE_NAME,
	CHAT_SLOT_FILE_TYPE,
	CHAT_SLOT_FILE_SIZE,
	CHAT_SLOT_FILE_DATA,
	CHAT_SLOT_SENDER,
	CHAT_SLOT_CONTENT,
	CHAT_SLOT_TIMESTAMP,
	CHAT_SLOT_CODE,
	CHAT_SLOT_MESSAGE,
	CHAT_SLOT_USERS,
	CHAT_SLOT_USER_ID,
	CHAT_SLOT_ONLINE,
	CHAT_SLOT_MESSAGES,
	/* additions */
	CHAT_SLOT_TOKEN,
	CHAT_SLOT_SINCE,
	CHAT_SLOT_SINCE_TIME,
	CHAT_SLOT_PRESENCE,
	CHAT_SLOT_NONCE,
	CHAT_SLOT_REPLY_TO,
	CHAT_SLOT_VIA,
	CHAT_SLOT_HOPS,
	CHAT_SLOT_CHANNEL,
	CHAT_SLOT_URL,
	CHAT_SLOT_SENDER_ID,
	CHAT_SLOT_FILE_OMITTED,
	CHAT_SLOT_FILE_SHA256,
	CHAT_SLOT_COMPLETE,
	CHAT_SLOT_MORE,
	CHAT_SLOT_SERVER,
	CHAT_SLOT_TRUNCATED,
	CHAT_SLOT_TOTAL,
	CHAT_SLOT_FIELD,
	CHAT_SLOT_RETRY_AFTER,
	CHAT_SLOT_FATAL,
	CHAT_SLOTS,
	CHAT_SLOT_NONE = CHAT_SLOTS /* the property is within an array: checked, not stored */
};

enum chat_rule_kind {
	CHAT_RULE_STRING,
	CHAT_RULE_INTEGER,
	CHAT_RULE_BOOLEAN,
	CHAT_RULE_OBJECT, /* of `shape` */
	CHAT_RULE_ARRAY, /* of objects of `shape` */
	CHAT_RULE_WORDS /* an array of at most `max` words, each of 1 to CHAT_WORD_MAX characters */
};

/* Returns true if a word consists of 1 to CHAT_WORD_MAX of A-Z a-z 0-9 . _ ~ - / : */
#define CHAT_WORD_MAX 96
bool chat_word_valid(struct chat_span word);

#define CHAT_VIA_MOST 8 /* the maximum number of words in `via` */
#define CHAT_HOPS_MOST 1000

enum chat_rule_format {
	CHAT_FORMAT_ANY,
	CHAT_FORMAT_WORD, /* exactly `word` */
	CHAT_FORMAT_ID, /* ^[a-zA-Z0-9-]+$ */
	CHAT_FORMAT_BASE64, /* format: byte */
	CHAT_FORMAT_USERNAME /* any string; strict checking calls chat_username_check() */
};

struct chat_shape;

struct chat_rule {
	struct chat_span name;
	enum chat_slot slot;
	enum chat_rule_kind kind;
	bool required;
	bool addition;
	enum chat_rule_format format;
	const char *word; /* valid for CHAT_FORMAT_WORD */
	const char *unless; /* not required if this boolean of the object is true; NULL: none */
	int64_t min, max; /* code points of a string, value of an integer, number of words; max 0:
			     no limit */
	bool has_min; /* for an integer: min is a limit */
	const struct chat_shape *shape; /* for an object or array; NULL: any shape */
	const char *about; /* a clause for the schema */
};

/* The rules of an object, in the order of the specification; `type` is first if there is one. */
struct chat_shape {
	const struct chat_rule *rules;
	size_t count; /* at most 32 */
};

struct chat_rules_type {
	enum chat_type type;
	const char *word; /* "init", "userData" */
	enum chat_direction from;
	const char *about;
	struct chat_shape shape;
};

/* The rules of all messages, indexed by enum chat_type. */
extern const struct chat_rules_type chat_rules[CHAT_TYPES];

/* Returns the rule of this name, or NULL. */
const struct chat_rule *chat_shape_find(const struct chat_shape *shape, struct chat_span name);

/* Returns true if `from` may send a message of this type. */
static inline bool
chat_rules_allow(enum chat_type type, enum chat_direction from)
{
	if (from == CHAT_FROM_INPUT)
		return type == CHAT_TYPE_TEXT || type == CHAT_TYPE_FILE;
	return (chat_rules[type].from & from) != 0;
}

/* Returns the type with this word, or CHAT_TYPE_UNKNOWN. */
enum chat_type chat_rules_find(struct chat_span word);

/*
 * Returns the JSON Schema (2020-12) of the messages of a direction, with indentation; the caller
 * must free(3) it. The schema has the specification's rules, with `format: byte` as a pattern, and
 * accepts the same objects as chat_msg_check() without strict. It describes additional properties
 * but does not constrain them.
 */
char *chat_rules_schema(enum chat_direction from);

#endif
