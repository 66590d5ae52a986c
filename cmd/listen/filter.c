/*
 * The filter of chat-listen: by type, by sender, and against loops. For anything else there is jq.
 */
#include "listen/filter.h"

#include <string.h>

#include "message/rules.h"
#include "text/err.h"

static int
add_type(struct filter *filter, struct chat_span word, struct chat_err *err)
{
	enum chat_type type = chat_type_find(word);

	if (type == CHAT_TYPE_UNKNOWN || !(chat_rules[type].from & CHAT_FROM_SERVER))
		return chat_fail(err, CHAT_USAGE,
			"--type '%.*s': not one of message, error, userData, userStatus, history",
			(int)word.len, word.at);
	filter->types |= 1u << type;
	return 0;
}

int
filter_types(struct filter *filter, const struct chat_strings *words, struct chat_err *err)
{
	const char *at;
	size_t len;

	for (size_t i = 0; i < words->count; i++) {
		for (at = words->at[i];; at += len + 1) {
			len = strcspn(at, ",");
			if (add_type(filter, (struct chat_span){at, len}, err) < 0)
				return -1;
			if (!at[len])
				break;
		}
	}
	return 0;
}

static bool
says(const struct chat_msg *msg, enum chat_slot slot, const char *string)
{
	return chat_msg_has(msg, slot) &&
		chat_json_string_is(&msg->value[slot], chat_span_of(string));
}

static bool
is_from(const struct filter *filter, const struct chat_msg *msg)
{
	enum chat_slot slot =
		msg->type == CHAT_TYPE_MESSAGE ? CHAT_SLOT_SENDER : CHAT_SLOT_USERNAME;

	for (size_t i = 0; i < filter->from.count; i++)
		if (says(msg, slot, filter->from.at[i]))
			return true;
	return false;
}

/*
 * Returns true if a program sent a message of our user (it has hops), but it has no via. With
 * --exec it returns false: the bot knows its own messages.
 */
static bool
is_stray(const struct filter *filter, const struct chat_msg *msg)
{
	return !filter->is_bot && chat_via_hops(msg) > 0 && !chat_msg_has(msg, CHAT_SLOT_VIA);
}

/* Returns true if a message of our own user is wanted. */
static bool
wants_own(const struct filter *filter, const struct chat_msg *msg, const struct filter_place *place)
{
	if (filter->no_user)
		return false;
	if (msg->type != CHAT_TYPE_MESSAGE)
		return !filter->no_self;
	if (!place->copies)
		return !filter->no_self && !filter->no_loop;
	if (filter->no_self && !filter->is_bot && chat_via_hops(msg) > 0)
		return false;
	return !filter->no_loop || !is_stray(filter, msg);
}

/* Returns true if a message was in this channel before, or came through max_hops programs. */
static bool
is_looping(const struct filter *filter, const struct chat_msg *msg, const struct via_here *here)
{
	return msg->type == CHAT_TYPE_MESSAGE &&
		(chat_via_hops(msg) >= filter->max_hops || chat_via_has_been(msg, here));
}

bool
filter_wants(
	const struct filter *filter, const struct chat_msg *msg, const struct filter_place *place)
{
	if (filter->types && !(filter->types >> msg->type & 1))
		return false;
	if (filter->from.count > 0 && !is_from(filter, msg))
		return false;
	if (filter->no_loop && is_looping(filter, msg, place->here))
		return false;
	if (!filter->no_self && !filter->no_user && !filter->no_loop)
		return true;
	return !chat_identity_owns(place->self, msg) || wants_own(filter, msg, place);
}
