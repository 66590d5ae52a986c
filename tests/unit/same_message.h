#ifndef UNIT_SAME_MESSAGE_H
#define UNIT_SAME_MESSAGE_H

#include "chat/msg.h"
#include "text/span.h"

static inline bool
is_same_value(const struct chat_json_value *a, const struct chat_json_value *b)
{
	if (a->kind != b->kind || a->raw.at != b->raw.at || a->raw.len != b->raw.len)
		return false;
	return a->kind != CHAT_JSON_STRING || (a->points == b->points && a->escaped == b->escaped);
}

/* Returns true if two messages that were read from the same line have the same values. */
static inline bool
is_same_message(const struct chat_msg *a, const struct chat_msg *b)
{
	if (a->type != b->type || a->has != b->has || a->line.at != b->line.at ||
		a->line.len != b->line.len)
		return false;
	for (enum chat_slot slot = 0; slot < CHAT_SLOTS; slot++)
		if (chat_msg_has(a, slot) && !is_same_value(&a->value[slot], &b->value[slot]))
			return false;
	return true;
}

#endif
