/* The tables of --state: the channels and users, and the last userData. */
#include "validate/state_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/buf.h"
#include "text/json_strdup.h"

void
state_report(const struct look *look, const struct chat_json_value *at, enum chat_code code,
	const char *field, const char *text)
{
	struct chat_err finding = {.code = code, .offset = (size_t)(at->raw.at - look->line.at)};

	snprintf(finding.field, sizeof(finding.field), "%s", field);
	snprintf(finding.text, sizeof(finding.text), "%s", text);
	look->report(look->arg, &finding);
}

const struct chat_json_value *
state_value(const struct chat_msg *msg, enum chat_slot slot)
{
	return chat_msg_has(msg, slot) ? &msg->value[slot] : NULL;
}

const struct chat_json_value *
state_channel_name(const struct chat_msg *msg)
{
	const struct chat_json_value *url = state_value(msg, CHAT_SLOT_URL);

	return url ? url : state_value(msg, CHAT_SLOT_CHANNEL);
}

bool
state_next_element(struct chat_json *json, bool *first, struct chat_json_value *element)
{
	return chat_json_element(json, first, NULL) > 0 && chat_json_read(json, element, NULL) == 0;
}

/*
 * Returns the entry with this key. If there is none, adds an entry of size bytes, which begins with
 * a struct keyed; the other bytes are zero. Takes over key.
 */
static void *
find_or_add(struct keyed **table, char *key, size_t size)
{
	struct keyed *entry;

	HASH_FIND_STR(*table, key, entry);
	if (entry) {
		free(key);
		return entry;
	}
	entry = chat_alloc_zeroed(1, size);
	entry->key = key;
	HASH_ADD_KEYPTR(hh, *table, entry->key, strlen(entry->key), entry);
	return entry;
}

struct channel *
state_channel(struct state *state, char *name)
{
	return find_or_add(&state->channels, name, sizeof(struct channel));
}

struct channel *
state_channel_of(const struct look *look, const struct chat_msg *msg)
{
	const struct chat_json_value *name = state_channel_name(msg);

	return state_channel(look->state, name ? chat_json_strdup(name) : chat_strdup(""));
}

const struct listing *
state_listing(const struct state *state, const struct channel *channel)
{
	return state->listing.number > channel->listing.number ? &state->listing
							       : &channel->listing;
}

static char *
user_key(const struct channel *channel, const struct chat_json_value *id)
{
	char *word = chat_json_strdup(id);
	struct chat_buf key = {0};

	chat_buf_printf(&key, "%s\n%s", channel->keyed.key, word);
	chat_buf_append(&key, "", 1);
	free(word);
	return key.at;
}

struct user *
state_add_user(struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	struct user *user = find_or_add(&state->users, user_key(channel, id), sizeof(*user));

	if (user->noted < state_listing(state, channel)->number)
		user->presence = PRESENCE_UNKNOWN;
	user->noted = state->listings;
	return user;
}

struct user *
state_find_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	char *key = user_key(channel, id);
	struct keyed *found;
	struct user *user;

	HASH_FIND_STR(state->users, key, found);
	free(key);
	user = (struct user *)found;
	return user && user->noted >= state_listing(state, channel)->number ? user : NULL;
}

void
state_clear(struct state *state)
{
	struct keyed *entry, *next;

	HASH_ITER(hh, state->channels, entry, next)
	{
		HASH_DEL(state->channels, entry);
		free(((struct channel *)entry)->listing.instance);
		free(entry->key);
		free(entry);
	}
	HASH_ITER(hh, state->users, entry, next)
	{
		HASH_DEL(state->users, entry);
		free(entry->key);
		free(entry);
	}
	free(state->listing.instance);
	*state = (struct state){.initialized = false};
}
