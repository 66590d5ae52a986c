/* The elements of the lists in userData and history, for --state. */
#include "validate/state_store.h"

void
state_list_begin(struct state_list *list, const struct look *look, const struct chat_msg *msg)
{
	bool users = msg->type == CHAT_TYPE_USER_DATA;

	*list = (struct state_list){.look = look, .type = msg->type};
	chat_json_begin(&list->json, msg->value[users ? CHAT_SLOT_USERS : CHAT_SLOT_MESSAGES].raw);
	chat_json_enter(&list->json, &list->first, NULL);
}

static void
note_value(struct chat_msg *msg, enum chat_slot slot, const struct chat_json_value *value)
{
	msg->value[slot] = *value;
	msg->has |= UINT64_C(1) << slot;
}

/* Reads the id and `online` of a user, which the rules require. */
static void
read_user(struct chat_span object, struct chat_msg *msg)
{
	struct chat_json json;
	struct chat_json_value key, value;
	bool first;

	msg->has = 0;
	chat_json_begin(&json, object);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0)
		if (chat_json_string_is(&key, CHAT_SPAN("id")))
			note_value(msg, CHAT_SLOT_ID, &value);
		else if (chat_json_string_is(&key, CHAT_SPAN("online")))
			note_value(msg, CHAT_SLOT_ONLINE, &value);
}

bool
state_list_next(struct state_list *list, struct chat_msg *msg)
{
	const struct chat_scan *scan = list->look->state->scan;
	struct chat_json_value element;
	const char *end;

	if (chat_json_element(&list->json, &list->first, NULL) <= 0)
		return false;
	end = scan ? chat_scan_element(scan, list->type, list->json.at, msg) : NULL;
	if (end) {
		list->json.at = end;
		return true;
	}
	if (chat_json_read(&list->json, &element, NULL) < 0)
		return false;
	if (list->type == CHAT_TYPE_HISTORY)
		return chat_msg_read(msg, element.raw, CHAT_FROM_SERVER, NULL) == 0;
	read_user(element.raw, msg);
	return true;
}
