#ifndef CHAT_TEXT_JSON_STRDUP_H
#define CHAT_TEXT_JSON_STRDUP_H

#include "chat/json.h"

/* As chat_msg_string, but aborts the process if there is no memory. */
char *chat_json_strdup(const struct chat_json_value *string);

#endif
