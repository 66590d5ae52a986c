/* The channels of --state, and the last userData. */
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

static struct channel *
channel_add(struct state *state, struct chat_span name)
{
	struct channel *channel = chat_alloc_zeroed(1, sizeof(*channel));
	uint64_t hashes[2];

	channel->name = chat_strndup(name.at, name.len);
	channel->name_len = name.len;
	hashes[0] = chat_hash(name.at, name.len);
	hashes[1] = chat_hash(hashes, sizeof(hashes[0]));
	memcpy(channel->key, hashes, sizeof(channel->key));
	HASH_ADD_KEYPTR(hh, state->channels, channel->name, channel->name_len, channel);
	return channel;
}

static bool
is_named(const struct channel *channel, struct chat_span name)
{
	return chat_span_equal((struct chat_span){channel->name, channel->name_len}, name);
}

struct channel *
state_channel(struct state *state, struct chat_span name)
{
	struct channel *channel = NULL;
	size_t place = 0;

	while (place < RECENT_CHANNELS - 1 && state->recent[place] &&
		!is_named(state->recent[place], name))
		place++;
	if (state->recent[place] && is_named(state->recent[place], name))
		channel = state->recent[place];
	else
		HASH_FIND(hh, state->channels, name.at, name.len, channel);
	if (!channel)
		channel = channel_add(state, name);
	memmove(state->recent + 1, state->recent, place * sizeof(state->recent[0]));
	state->recent[0] = channel;
	return channel;
}

struct channel *
state_channel_of(const struct look *look, const struct chat_msg *msg)
{
	const struct chat_json_value *name = state_channel_name(msg);
	struct channel *channel;
	char *decoded;

	if (!name)
		return state_channel(look->state, CHAT_SPAN(""));
	if (!name->escaped)
		return state_channel(look->state, chat_json_inside(name));
	decoded = chat_json_strdup(name);
	channel = state_channel(look->state, chat_span_of(decoded));
	free(decoded);
	return channel;
}

const struct listing *
state_listing(const struct state *state, const struct channel *channel)
{
	return state->listing.number > channel->listing.number ? &state->listing
							       : &channel->listing;
}

void
state_clear(struct state *state)
{
	struct chat_scan *scan = state->scan;
	struct channel *channel, *next;

	HASH_ITER(hh, state->channels, channel, next)
	{
		HASH_DEL(state->channels, channel);
		free(channel->listing.instance);
		free(channel->name);
		free(channel);
	}
	free(state->users);
	free(state->listing.instance);
	*state = (struct state){.scan = scan};
}
