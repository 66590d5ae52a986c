#ifndef CHAT_MESSAGE_USER_ID_H
#define CHAT_MESSAGE_USER_ID_H

#include "chat/err.h"
#include "chat/json.h"

/* A pattern for the ids that chat_user_id_check() accepts, for the JSON Schema. */
#define CHAT_USER_ID_PATTERN "^[a-zA-Z0-9-]+$"

/*
 * Checks the id of a user in `init`: it must be one or more ASCII letters, digits and hyphens.
 * Returns 0, or -1 with bad_message.
 */
int chat_user_id_check(const struct chat_json_value *string, struct chat_err *err);

#endif
