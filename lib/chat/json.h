#ifndef CHAT_JSON_H
#define CHAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

#ifdef __cplusplus
extern "C" {
#endif

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
	struct chat_span raw; /* the bytes of the input; a string has its quotes */
	size_t points; /* code points of a string, after unescaping; valid for strings only */
	bool escaped; /* the string has at least one backslash; valid for strings only */
};

struct chat_json {
	const char *start; /* offsets count from here */
	const char *at; /* the cursor */
	const char *end;
	unsigned depth; /* the number of open containers around the cursor */
	bool any_escape; /* escapes of U+0000 and of lone surrogates are accepted */
};

/*
 * Sets the cursor to the first byte of the text. If the text begins with a byte-order mark, the
 * first read fails. The caller may then set any_escape, to accept all of RFC 8259; it must not
 * decode strings if it does.
 */
void chat_json_begin(struct chat_json *json, struct chat_span text);

/* Skips white space and gets the kind of the next value; does not read the value. */
int chat_json_peek(struct chat_json *json, enum chat_json_kind *kind, struct chat_err *err);

/* Reads one value of any kind; a container is read to its end. */
int chat_json_read(struct chat_json *json, struct chat_json_value *value, struct chat_err *err);

/*
 * To read an object or an array step by step, call _enter once, then _member or _element before
 * each value. If these return 1, there is a value, which the caller must read (_member has read its
 * key); 0: the container has ended; -1: an error. _enter sets *first; the caller passes it to each
 * call for this container.
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
 * Decodes as much of the front of *rest as fits into out, and removes it from *rest. The first
 * *rest must be chat_json_inside() of a string. Returns the number of bytes written, which is above
 * 0 if *rest was not empty and size is at least 4.
 */
size_t chat_json_decode(struct chat_span *rest, char *out, size_t size);

/*
 * Decodes a string value into out, without a NUL. Returns the decoded length, or (size_t)-1 if this
 * is more than size. A decoded string is never longer, so size = raw.len always suffices.
 */
size_t chat_json_unescape(const struct chat_json_value *string, char *out, size_t size);

/* Returns true if the decoded string value equals these bytes. */
bool chat_json_string_is(const struct chat_json_value *string, struct chat_span bytes);

/*
 * Numbers are evaluated by their digits, never as a double (JSON Schema 2020-12: 1.0 and 1e3 are
 * integers). chat_json_read must have accepted the number. The result of compare is less than 0, 0
 * or more than 0 if the integer is less than, equal to or more than `with`.
 */
bool chat_json_is_integer(struct chat_span number);
int chat_json_compare_integer(struct chat_span integer, int64_t with);

/* Sets *value to the value of a number. Returns false if it is not an integer or does not fit. */
bool chat_json_int64(struct chat_span integer, int64_t *value);

/* Returns the word of a kind: "null", "boolean", "number", "string", "array" or "object". */
const char *chat_json_kind_word(enum chat_json_kind kind);

#ifdef __cplusplus
}
#endif

#endif
