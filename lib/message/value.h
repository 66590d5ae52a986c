#ifndef CHAT_MESSAGE_VALUE_H
#define CHAT_MESSAGE_VALUE_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/json.h"
#include "message/rules.h"

/*
 * Checks one value by its rule: kind, limits, format. Called by msg.c.
 */

/* Returns the kind of JSON value that a rule requires. */
enum chat_json_kind chat_value_kind(const struct chat_rule *rule);

/*
 * Checks a value. Returns 0, or -1 with bad_message, text_too_long, text_empty, bad_base64 or, if
 * strict, bad_username; err->offset counts from the first byte of the value. The members of an
 * object or an array of objects are not checked.
 */
int chat_value_check(const struct chat_rule *rule, const struct chat_json_value *value, bool strict,
	struct chat_err *err);

#endif
