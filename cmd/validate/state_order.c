/*
 * The order of messages, for --state. In a channel, and in a history, ids must rise and times must
 * not fall.
 */
#include "validate/state_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json_strdup.h"

static bool
is_number(const char *id, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (id[i] < '0' || id[i] > '9')
			return false;
	return true;
}

/*
 * Compares ids by their bytes. Numbers of different lengths are compared by their lengths. Returns
 * <0, 0 or >0.
 */
static int
compare_ids(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, len);

	if (a_len != b_len && is_number(a, a_len) && is_number(b, b_len))
		return a_len < b_len ? -1 : 1;
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* A message: that of the line, or one in the list of a history. */
struct place {
	bool listed;
	size_t index; /* in the list; valid if listed */
};

/* Reports a finding about a member of the message at a place. */
static void
report_at(const struct look *look, struct place place, const struct chat_json_value *at,
	const char *name, const char *text)
{
	char field[64];

	if (place.listed)
		snprintf(field, sizeof(field), "/messages/%zu/%s", place.index, name);
	else
		snprintf(field, sizeof(field), "/%s", name);
	state_report(look, at, CHAT_BAD_MESSAGE, field, text);
}

/*
 * Reports an id that is not after that of the latest message; else notes it. An equal id of
 * ID_BYTES is not reported, because the rest may differ.
 */
static void
check_id(const struct look *look, struct latest *latest, const struct chat_json_value *id,
	struct place place)
{
	char *decoded = id->escaped ? chat_json_strdup(id) : NULL;
	struct chat_span word = decoded ? chat_span_of(decoded) : chat_json_inside(id);
	size_t len = word.len < ID_BYTES ? word.len : ID_BYTES;
	int order = latest->id_len > 0 ? compare_ids(word.at, len, latest->id, latest->id_len) : 1;

	if (order == 0 && len < ID_BYTES)
		report_at(look, place, id, "id", "the id of the message before it");
	else if (order < 0)
		report_at(look, place, id, "id", "does not sort after an id before it");
	if (order > 0) {
		memcpy(latest->id, word.at, len);
		latest->id_len = len;
	}
	free(decoded);
}

/* Reports a time that is before that of the latest message; else notes it. */
static void
check_time(const struct look *look, struct latest *latest, const struct chat_json_value *time,
	struct place place)
{
	int64_t timestamp;

	if (!chat_json_int64(time->raw, &timestamp))
		return;
	if (latest->timed && timestamp < latest->timestamp) {
		report_at(look, place, time, "timestamp", "earlier than the message before it");
		return;
	}
	latest->timestamp = timestamp;
	latest->timed = true;
}

/*
 * Returns the latest message of a channel. It is empty if another server has begun since it was
 * noted.
 */
static struct latest *
latest_of(struct state *state, struct channel *channel)
{
	if (channel->latest_noted < channel->listing.restart ||
		channel->latest_noted < state->listing.restart)
		channel->latest = (struct latest){.id_len = 0};
	channel->latest_noted = state->listings;
	return &channel->latest;
}

void
state_check_message(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = state_channel_of(look, msg);
	struct latest *latest = latest_of(look->state, channel);

	check_id(look, latest, &msg->value[CHAT_SLOT_ID], (struct place){0});
	check_time(look, latest, &msg->value[CHAT_SLOT_TIMESTAMP], (struct place){0});
	if (chat_msg_has(msg, CHAT_SLOT_SENDER_ID))
		state_add_user(look->state, channel, &msg->value[CHAT_SLOT_SENDER_ID]);
}

/* Notes the last message of a history, unless the channel has a later one. */
static void
note_latest(struct latest *latest, const struct latest *seen)
{
	if (compare_ids(seen->id, seen->id_len, latest->id, latest->id_len) > 0)
		*latest = *seen;
}

void
state_check_history(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = NULL;
	struct latest latest = {.id_len = 0};
	struct place place = {.listed = true};
	struct state_list list;
	struct chat_msg said;

	state_list_begin(&list, look, msg);
	for (; state_list_next(&list, &said); place.index++) {
		channel = state_channel_of(look, state_channel_name(msg) ? msg : &said);
		check_id(look, &latest, &said.value[CHAT_SLOT_ID], place);
		check_time(look, &latest, &said.value[CHAT_SLOT_TIMESTAMP], place);
		if (chat_msg_has(&said, CHAT_SLOT_SENDER_ID))
			state_add_user(look->state, channel, &said.value[CHAT_SLOT_SENDER_ID]);
	}
	if (channel)
		note_latest(latest_of(look->state, channel), &latest);
}
