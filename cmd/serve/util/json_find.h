#ifndef SERVE_UTIL_JSON_FIND_H
#define SERVE_UTIL_JSON_FIND_H

#include <stdbool.h>

#include "chat/json.h"

/*
 * Finds a property of a JSON object. Returns false if the object has no such property, or if there
 * is an error before it.
 */
bool json_find(struct chat_span object, struct chat_span name, struct chat_json_value *value);

#endif
