/* Presence, for --state: only a user who is online may go offline, and the other way round. */
#include "validate/state_presence.h"

#include <stdlib.h>
#include <string.h>

#include "text/buf.h"
#include "text/json_strdup.h"

/* Returns the `instance` in `server` (NULL: none), or NULL. The caller frees it. */
static char *
read_instance(const struct chat_json_value *server)
{
	struct chat_json json;
	struct chat_json_value key, value;
	char *instance = NULL;
	bool first;

	if (!server)
		return NULL;
	chat_json_begin(&json, server->raw);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0)
		if (value.kind == CHAT_JSON_STRING &&
			chat_json_string_is(&key, CHAT_SPAN("instance"))) {
			free(instance);
			instance = chat_json_strdup(&value);
		}
	return instance;
}

/*
 * Notes a userData. If its server is another one (another `instance`), a new order of messages
 * begins. A server that has never sent an instance may be another one each time. A server that has
 * sent one may omit it later.
 */
static void
note_listing(struct state *state, struct listing *listing, const struct chat_msg *msg)
{
	const struct chat_json_value *truncated = state_value(msg, CHAT_SLOT_TRUNCATED);
	const struct chat_json_value *server = state_value(msg, CHAT_SLOT_SERVER);
	char *instance = read_instance(server);

	listing->number = ++state->listings;
	listing->partial = truncated && *truncated->raw.at == 't';
	if (!instance && listing->instance)
		return;
	if (!instance || !listing->instance || strcmp(instance, listing->instance) != 0)
		listing->restart = listing->number;
	free(listing->instance);
	listing->instance = instance;
}

void
state_note_users(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = state_channel_of(look, msg);
	struct state_list list;
	struct chat_msg user;

	note_listing(look->state,
		state_channel_name(msg) ? &channel->listing : &look->state->listing, msg);
	state_list_begin(&list, look, msg);
	while (state_list_next(&list, &user)) {
		bool online = *user.value[CHAT_SLOT_ONLINE].raw.at == 't';

		state_add_user(look->state, channel, &user.value[CHAT_SLOT_ID])->presence =
			online ? PRESENCE_ONLINE : PRESENCE_OFFLINE;
	}
}

/*
 * A userStatus may name the channel even if the userData did not; the user is then noted in the
 * channel "".
 */
void
state_check_status(const struct look *look, const struct chat_msg *msg)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_USER_ID];
	struct channel *channel = state_channel_of(look, msg);
	struct channel *nameless = state_channel(look->state, CHAT_SPAN(""));
	const struct listing *listing = state_listing(look->state, channel);
	struct user *user = state_find_user(look->state, nameless, id);
	bool online = *msg->value[CHAT_SLOT_ONLINE].raw.at == 't';

	if (!user)
		user = state_find_user(look->state, channel, id);
	if (!user && !online && listing->number > 0 && !listing->partial)
		state_report(
			look, id, CHAT_BAD_MESSAGE, "/userId", "a user who was never there goes");
	else if (user && !listing->partial && /* a partial list may omit users who are online */
		user->presence == (online ? PRESENCE_ONLINE : PRESENCE_OFFLINE))
		state_report(look, &msg->value[CHAT_SLOT_ONLINE], CHAT_BAD_MESSAGE, "/online",
			online ? "the user was there already" : "the user was gone already");
	if (!user)
		user = state_add_user(look->state, channel, id);
	user->presence = online ? PRESENCE_ONLINE : PRESENCE_OFFLINE;
}
