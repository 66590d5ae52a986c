#ifndef CHAT_MESSAGE_RULES_H
#define CHAT_MESSAGE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "chat/type.h"

/*
 * The eight messages as one table: type, direction, properties, kinds, limits. Reading, checking,
 * the JSON Schema and the tests follow this table. Source: the specification (Chat WebSocket API
 * 1.0.0). Rules with `addition` are this project's additional properties (marked + in
 * chat-protocol(7)). An additional property of another shape counts as unknown, and only strict
 * checking reports it.
 */
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

#define CHAT_SLOT_NONE CHAT_SLOTS /* the property is within an array: checked, not stored */

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

/*
 * Returns the JSON Schema (2020-12) of the messages of a direction, with indentation; the caller
 * must free(3) it. The schema has the specification's rules, with `format: byte` as a pattern, and
 * accepts the same objects as chat_msg_check() without strict. It describes additional properties
 * but does not constrain them.
 */
char *chat_rules_schema(enum chat_direction from);

#endif
