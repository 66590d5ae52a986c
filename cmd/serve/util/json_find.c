/* One property of an object. */
#include "serve/util/json_find.h"

#include <stddef.h>

bool
json_find(struct chat_span object, struct chat_span name, struct chat_json_value *value)
{
	struct chat_json_value key;
	struct chat_json json;
	bool first;

	chat_json_begin(&json, object);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return false;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_read(&json, value, NULL) < 0)
			return false;
		if (chat_json_string_is(&key, name))
			return true;
	}
	return false;
}
