#ifndef CHAT_JSON_H
#define CHAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The one reader of untrusted JSON: strict RFC 8259, one pass, no allocation, no recursion. What it
 * yields are spans of the input, which it borrows. The input must have passed chat_utf8_check.
 *
 * Errors: bad_json, or more exactly byte_order_mark, lone_surrogate, nul_character, trailing_data,
 * too_deep; err->offset is the byte. After an error the cursor is of no more use.
 */
#define CHAT_JSON_DEPTH 1024 /* levels of arrays and objects; one more is too_deep */

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
	struct chat_span raw; /* as it stands in the input, a string with its quotes */
	size_t points; /* string: Unicode code points after unescaping */
	bool escaped; /* string: holds at least one backslash */
};

struct chat_json {
	const char *start; /* offsets count from here */
	const char *at;
	const char *end;
	unsigned depth; /* containers entered and not left */
	bool any_escape; /* those of NUL and of half a surrogate pair are read, too */
};

/*
 * Begins at the first byte; a byte-order mark there is an error of the first read. any_escape may
 * be set afterwards: then RFC 8259 alone counts, and what a string means is not to be asked.
 */
void chat_json_begin(struct chat_json *json, struct chat_span text);

/* The kind of the value that comes next, white space skipped; -1 where none can begin. */
int chat_json_peek(struct chat_json *json, enum chat_json_kind *kind, struct chat_err *err);

/* Reads one value of any kind whole; containers are checked to their end, not entered. */
int chat_json_read(struct chat_json *json, struct chat_json_value *value, struct chat_err *err);

/*
 * Enters the object (array) that comes next and steps through it:
 *   1: a member: its key is read, its value comes next (an element: comes next)
 *   0: that was the last, the container is left      -1: an error
 * Call _enter once, then _member (_element) after each value was read. first is the caller's
 * note for the container, set by _enter.
 */
int chat_json_enter(struct chat_json *json, bool *first, struct chat_err *err);
int chat_json_member(
	struct chat_json *json, bool *first, struct chat_json_value *key, struct chat_err *err);
int chat_json_element(struct chat_json *json, bool *first, struct chat_err *err);

/* Only white space may remain. */
int chat_json_end(struct chat_json *json, struct chat_err *err);

/* What stands between the quotes of a string value, escapes and all. */
struct chat_span chat_json_inside(const struct chat_json_value *string);

/*
 * Decodes the beginning of rest, which began as chat_json_inside(), as far as out holds it, and
 * takes that off rest. Returns the bytes written: never 0 while rest is not empty and size >= 4.
 */
size_t chat_json_decode(struct chat_span *rest, char *out, size_t size);

/*
 * A string value decoded into out, without NUL. Returns the length, or (size_t)-1 when it is longer
 * than size. Decoding never lengthens: size >= raw.len always suffices.
 */
size_t chat_json_unescape(const struct chat_json_value *string, char *out, size_t size);

/* Whether a string value means these bytes, its escapes considered. */
bool chat_json_string_is(const struct chat_json_value *string, struct chat_span bytes);

/*
 * Numbers, decided on their digits, never through a double (JSON Schema 2020-12: 1.0 and 1e3 are
 * integers). Precondition: a number that _read accepted.
 */
bool chat_json_is_integer(struct chat_span number);
int chat_json_compare_integer(struct chat_span integer, int64_t with); /* <0, 0, >0 */

/* Its value, false when it does not fit or is no integer. */
bool chat_json_int64(struct chat_span integer, int64_t *value);

/* "null", "boolean", "number", "string", "array", "object". */
const char *chat_json_kind_word(enum chat_json_kind kind);

#endif
