#ifndef CHAT_MESSAGE_USER_ID_H
#define CHAT_MESSAGE_USER_ID_H

#include "chat/err.h"
#include "chat/json.h"

/* The ids that chat_user_id_check() accepts, as a pattern for the JSON Schema. */
#define CHAT_USER_ID_PATTERN "^[a-zA-Z0-9-]+$"

/*
 * Checks the id that a user gives itself in `init`: one or more ASCII letters, digits and hyphens.
 * Returns 0, or -1 with bad_message.
 */
int chat_user_id_check(const struct chat_json_value *string, struct chat_err *err);

#endif
