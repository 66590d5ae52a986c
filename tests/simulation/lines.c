/* Reads lines that programs have printed. */
#include "simulation/lines.h"

#include <string.h>

bool
line_next(struct chat_span *rest, struct chat_span *line)
{
	const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = (struct chat_span){rest->at, (size_t)(end - rest->at)};
	rest->at = end + 1;
	rest->len -= line->len + 1;
	return true;
}

void
line_string(const struct chat_msg *msg, enum chat_slot slot, char *to, size_t size)
{
	size_t len =
		chat_msg_has(msg, slot) ? chat_json_unescape(&msg->value[slot], to, size - 1) : 0;

	to[len < size ? len : 0] = '\0';
}
