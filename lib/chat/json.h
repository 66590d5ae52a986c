#ifndef CHAT_JSON_H
#define CHAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The only reader of untrusted JSON: strict RFC 8259, one pass, no allocation, no recursion. It
 * yields spans of the input, which must outlive them. The input must be valid UTF-8
 * (chat_utf8_check).
 *
 * Functions that can fail return -1 with bad_json, or more exactly byte_order_mark, lone_surrogate,
 * nul_character, trailing_data, too_deep; err->offset is the byte. After an error the reader must
 * not be used any more.
 */
#define CHAT_JSON_DEPTH 1024 /* the deepest nesting of arrays and objects; one more is too_deep */

enum chat_json_kind {
	CHAT_JSON_NULL,
	CHAT_JSON_BOOLEAN,
	CHAT_JSON_NUMBER,
	CHAT_JSON_STRING,
	CHAT_JSON_ARRAY,
	CHAT_JSON_OBJECT
};

struct chat_json_value {
	enum chat_json_kind kind;
	struct chat_span raw; /* the bytes of the input, a string with its quotes */
	size_t points; /* of a string: its code points after unescaping; else not valid */
	bool escaped; /* of a string: it has at least one backslash; else not valid */
};

struct chat_json {
	const char *start; /* where offsets count from */
	const char *at; /* the cursor */
	const char *end;
	unsigned depth; /* the number of containers entered and not left */
	bool any_escape; /* escapes of NUL and of half a surrogate pair are accepted */
};

/*
 * Begins at the first byte. A byte-order mark there is an error of the first read. The caller may
 * set any_escape afterwards, to accept all of RFC 8259; strings must not be decoded then.
 */
void chat_json_begin(struct chat_json *json, struct chat_span text);

/* Skips white space and gets the kind of the next value; does not read the value. */
int chat_json_peek(struct chat_json *json, enum chat_json_kind *kind, struct chat_err *err);

/* Reads one value of any kind; a container is read to its end. */
int chat_json_read(struct chat_json *json, struct chat_json_value *value, struct chat_err *err);

/*
 * To step through an object or an array, call _enter once, then _member or _element before each
 * value, which the caller reads. These return 1 if there is a value (_member has read its key), 0
 * if the container has ended, -1 at an error. _enter sets *first, which the caller keeps for the
 * container.
 */
int chat_json_enter(struct chat_json *json, bool *first, struct chat_err *err);
int chat_json_member(
	struct chat_json *json, bool *first, struct chat_json_value *key, struct chat_err *err);
int chat_json_element(struct chat_json *json, bool *first, struct chat_err *err);

/* Returns 0 if only white space remains, else -1. */
int chat_json_end(struct chat_json *json, struct chat_err *err);

/* Returns the bytes between the quotes of a string value, not decoded. */
struct chat_span chat_json_inside(const struct chat_json_value *string);

/*
 * Decodes as much of the front of *rest as fits into out, and removes it from *rest, which began as
 * chat_json_inside(). Returns the bytes written, which are not 0 if *rest is not empty and size is
 * at least 4.
 */
size_t chat_json_decode(struct chat_span *rest, char *out, size_t size);

/*
 * Decodes a string value into out, without a NUL. Returns the length, or (size_t)-1 if it is longer
 * than size. Decoding never makes a string longer, so size = raw.len always suffices.
 */
size_t chat_json_unescape(const struct chat_json_value *string, char *out, size_t size);

/* Returns true if a string value, decoded, is these bytes. */
bool chat_json_string_is(const struct chat_json_value *string, struct chat_span bytes);

/*
 * Numbers are evaluated by their digits, never as a double (JSON Schema 2020-12: 1.0 and 1e3 are
 * integers). The number must have been accepted by chat_json_read. compare returns less than 0, 0
 * or more than 0.
 */
bool chat_json_is_integer(struct chat_span number);
int chat_json_compare_integer(struct chat_span integer, int64_t with);

/* Gets the value of a number. Returns false if it is no integer or does not fit. */
bool chat_json_int64(struct chat_span integer, int64_t *value);

/* Returns the word of a kind: "null", "boolean", "number", "string", "array" or "object". */
const char *chat_json_kind_word(enum chat_json_kind kind);

#endif
