/* The values of a message, for programs that want C strings and numbers. */
#include <stdlib.h>

#include "chat/base64.h"
#include "chat/msg.h"
#include "text/err.h"

/* Returns the value of a slot if it has this kind, else NULL. */
static const struct chat_json_value *
find_value(const struct chat_msg *msg, enum chat_slot slot, enum chat_json_kind kind)
{
	if ((unsigned)slot >= CHAT_SLOTS || !chat_msg_has(msg, slot))
		return NULL;
	return msg->value[slot].kind == kind ? &msg->value[slot] : NULL;
}

char *
chat_msg_get_string(const struct chat_msg *msg, enum chat_slot slot)
{
	const struct chat_json_value *value = find_value(msg, slot, CHAT_JSON_STRING);

	return value ? chat_msg_string(value) : NULL;
}

bool
chat_msg_get_integer(const struct chat_msg *msg, enum chat_slot slot, int64_t *value)
{
	const struct chat_json_value *number = find_value(msg, slot, CHAT_JSON_NUMBER);

	return number && chat_json_int64(number->raw, value);
}

bool
chat_msg_get_boolean(const struct chat_msg *msg, enum chat_slot slot, bool *value)
{
	const struct chat_json_value *boolean = find_value(msg, slot, CHAT_JSON_BOOLEAN);

	if (!boolean)
		return false;
	*value = *boolean->raw.at == 't';
	return true;
}

void *
chat_msg_file(const struct chat_msg *msg, size_t *size, struct chat_err *err)
{
	const struct chat_json_value *data = find_value(msg, CHAT_SLOT_FILE_DATA, CHAT_JSON_STRING);
	char *text;

	*size = 0;
	if (!data) {
		chat_fail(err, CHAT_BAD_MESSAGE, "the message has no data of a file");
		return NULL;
	}
	text = chat_msg_string(data);
	if (!text) {
		chat_fail(err, CHAT_NO_MEMORY, "out of memory");
		return NULL;
	}
	/* The decoded bytes replace the text from its start on, because they are never longer. */
	*size = chat_base64_decode(text, text, strlen(text));
	return text;
}

struct chat_msg *
chat_msg_new(void)
{
	struct chat_msg *msg = calloc(1, sizeof(*msg));

	if (msg)
		msg->type = CHAT_TYPE_UNKNOWN;
	return msg;
}

void
chat_msg_free(struct chat_msg *msg)
{
	free(msg);
}

enum chat_type
chat_msg_type(const struct chat_msg *msg)
{
	return msg->type;
}
