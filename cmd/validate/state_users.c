/* The users of --state: a hash table without the ids, so that it stays small and no memory is
 * allocated for a message. */
#include <stdlib.h>

#include "text/buf.h"
#include "text/json_strdup.h"
#include "validate/state_store.h"

#define FIRST_CAP 256

static uint64_t
hash_of(const struct channel *channel, const struct chat_json_value *id)
{
	struct chat_span inside = chat_json_inside(id);
	uint64_t hash;
	char *decoded;

	if (!id->escaped)
		return chat_siphash(channel->key, inside.at, inside.len);
	decoded = chat_json_strdup(id);
	hash = chat_siphash(channel->key, decoded, strlen(decoded));
	free(decoded);
	return hash;
}

/* Returns the place of a user of this hash, or the empty place where it belongs. */
static struct user *
place_of(const struct state *state, uint64_t hash)
{
	size_t mask = state->user_cap - 1, at = (size_t)hash & mask;

	while (state->users[at].channel && state->users[at].hash != hash)
		at = (at + 1) & mask;
	return &state->users[at];
}

/* Returns true if the user was noted since the last userData of the channel. */
static bool
is_valid(const struct state *state, const struct user *user)
{
	return user->noted >= state_listing(state, user->channel)->number;
}

/* Makes room for another user: drops those that are not valid any more, and if more than a quarter
 * of the places is in use then, doubles the table. */
static void
make_room(struct state *state)
{
	struct user *old = state->users;
	size_t old_cap = state->user_cap, valid = 0;

	for (size_t i = 0; i < old_cap; i++)
		valid += old[i].channel && is_valid(state, &old[i]);
	if (old_cap == 0)
		state->user_cap = FIRST_CAP;
	else if (valid > old_cap / 4)
		state->user_cap = 2 * old_cap;
	state->users = chat_alloc_zeroed(state->user_cap, sizeof(*old));
	state->user_count = valid;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].channel && is_valid(state, &old[i]))
			*place_of(state, old[i].hash) = old[i];
	free(old);
}

struct user *
state_add_user(struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	uint64_t hash = hash_of(channel, id);
	struct user *user;

	if (state->user_count >= state->user_cap / 2)
		make_room(state);
	user = place_of(state, hash);
	if (!user->channel)
		*user = (struct user){.hash = hash, .channel = channel}, state->user_count++;
	else if (!is_valid(state, user))
		user->presence = PRESENCE_UNKNOWN;
	user->noted = state->listings;
	return user;
}

struct user *
state_find_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	struct user *user;

	if (state->user_cap == 0)
		return NULL;
	user = place_of(state, hash_of(channel, id));
	return user->channel && is_valid(state, user) ? user : NULL;
}
