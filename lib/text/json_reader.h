#ifndef CHAT_TEXT_JSON_READER_H
#define CHAT_TEXT_JSON_READER_H

#include "chat/err.h"
#include "chat/json.h"

/*
 * Shared by json.c and json_string.c. The chat_json_fail functions return -1. They are cold: the
 * compiler then moves their calls away from the code for texts without errors, which is faster.
 */

/* Fails with this code and sentence. The offset of the error is that of `at`, not of the cursor. */
int chat_json_fail(const struct chat_json *json, const char *at, enum chat_code code,
	const char *text, struct chat_err *err) __attribute__((cold));

/* Fails because the text ends within a value. */
int chat_json_fail_cut_off(const struct chat_json *json, struct chat_err *err)
	__attribute__((cold));

/*
 * Fails because the byte at the cursor is not allowed, or the text ends there. A NUL byte, a
 * byte-order mark and the end of the text have their own sentences; `text` is for other bytes.
 */
int chat_json_fail_unexpected(const struct chat_json *json, const char *text, struct chat_err *err)
	__attribute__((cold));

/* Reads a string; the cursor must be at its opening quote. Defined in json_string.c. */
int chat_json_read_string(
	struct chat_json *json, struct chat_json_value *value, struct chat_err *err);

#endif
