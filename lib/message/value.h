#ifndef CHAT_MESSAGE_VALUE_H
#define CHAT_MESSAGE_VALUE_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/rules.h"

/*
 * One value against its rule: kind, limits, format. Private to the library: msg calls it.
 */

/* The kind of JSON value that a rule asks for. */
enum chat_json_kind chat_value_kind(const struct chat_rule *rule);

/*
 * 0, or -1 with bad_message, text_too_long, text_empty, bad_base64 or, under strict, bad_username;
 * err->offset counts from the value's first byte. What is inside an object or array is not looked
 * at.
 */
int chat_value_check(const struct chat_rule *rule, const struct chat_json_value *value, bool strict,
	struct chat_err *err);

#endif
