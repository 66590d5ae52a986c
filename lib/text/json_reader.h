#ifndef CHAT_TEXT_JSON_READER_H
#define CHAT_TEXT_JSON_READER_H

#include "chat/err.h"
#include "chat/json.h"

/*
 * Shared by json.c and json_string.c. The functions that fail return -1. They are cold, so that the
 * compiler keeps their calls apart from the code for texts without errors, which is faster.
 */

/* Fails with this code and sentence at a byte of the text, which need not be the cursor. */
int chat_json_fail(const struct chat_json *json, const char *at, enum chat_code code,
	const char *text, struct chat_err *err) __attribute__((cold));

/* Fails because the text ends within a value. */
int chat_json_fail_cut_off(const struct chat_json *json, struct chat_err *err)
	__attribute__((cold));

/*
 * Fails because the byte at the cursor is not allowed there, or the text ends there. The sentence
 * is used unless a NUL byte, a byte-order mark or the end explains it better.
 */
int chat_json_fail_unexpected(const struct chat_json *json, const char *text, struct chat_err *err)
	__attribute__((cold));

/* Reads the string whose opening quote is at the cursor. Defined in json_string.c. */
int chat_json_read_string(
	struct chat_json *json, struct chat_json_value *value, struct chat_err *err);

#endif
