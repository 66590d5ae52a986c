/*
 * Makes the userData for members that join (join.c), for members that catch up (since.c), and for
 * the watcher.
 */
#include "serve/channel/user_data.h"

#include <stdio.h>
#include <string.h>

#include "message/rules.h"
#include "serve/channel/channel.h"
#include "serve/channel/encode.h"

#define USERS_BYTES ((size_t)256 << 10) /* the limit of the users in one userData, in bytes */

/* Returns the epoch in which the message with this number was posted. */
static uint64_t
epoch_of(const struct channels *channels, uint64_t number)
{
	for (uint32_t i = 0; i < channels->epochs.count; i++)
		if (number <= channels->epochs.at[i].last)
			return channels->epochs.at[i].epoch;
	return channels->epoch;
}

/* Writes the `since` that asks for all messages that are published from now on. */
static void
channel_write_since(const struct channel *channel, char since[MESSAGE_ID_LEN + 1])
{
	const struct journal *journal = channel->channels->journal;
	uint64_t number = channel_newest_number(channel);
	uint64_t removed =
		journal->kind->newest_removed ? journal->kind->newest_removed(journal) : 0;

	if (number < removed)
		/* The messages after it are the same, and none of them was removed. */
		number = removed;
	if (number)
		message_id_write(since, epoch_of(channel->channels, number), number);
	else
		memcpy(since, SINCE_BEGINNING, sizeof(SINCE_BEGINNING));
}

/*
 * Returns the first epoch from which nonces may be known: the first epoch in the journal, or the
 * epoch of this process if there is none.
 */
static uint64_t
first_epoch(const struct channels *channels)
{
	return channels->epochs.count ? channels->epochs.at[0].epoch : channels->epoch;
}

/*
 * about_server: the userData has a `server`. name: of the channel; length 0: there is no `origin`.
 * since: length 0: there is no `since`.
 */
static struct block *
encode_users(const struct channels *channels, const struct roster *roster, bool about_server,
	const struct user *you, struct chat_span name, struct chat_span since)
{
	char instance[MESSAGE_ID_EPOCH_LEN + 1], origin[CHAT_WORD_MAX + 1];
	int len;

	snprintf(instance, sizeof(instance), "%012llx", (unsigned long long)first_epoch(channels));
	len = snprintf(origin, sizeof(origin), "%0*llx%.*s", MESSAGE_ID_EPOCH_LEN,
		(unsigned long long)channels->epoch, (int)name.len, name.len ? name.at : "");
	return encode_user_data(&(struct outgoing_user_data){
		.roster = roster,
		.most = channels->limits.crowd,
		.most_bytes = USERS_BYTES,
		.you = you,
		.max_message_bytes = channels->limits.max_message_bytes,
		.history = channels->limits.history_replay,
		.instance = {instance, about_server ? sizeof(instance) - 1 : 0},
		.since = since,
		.origin = {origin, name.len ? (size_t)len : 0},
	});
}

struct block *
channel_user_data(struct channel *channel, const struct user *newcomer)
{
	char since[MESSAGE_ID_LEN + 1];

	channel_write_since(channel, since);
	return encode_users(channel->channels, &channel->roster, newcomer != NULL, newcomer,
		channel_name(channel), chat_span_of(since));
}

void
channels_announce_server(const struct channels *channels)
{
	const struct watcher *watcher = &channels->watcher;
	struct roster nobody = {0};
	struct block *block;

	if (!watcher->on_event)
		return;
	block = encode_users(
		channels, &nobody, true, NULL, (struct chat_span){0}, (struct chat_span){0});
	watcher->on_event(watcher->arg, block_frame_payload(block->bytes));
	block_unref(block);
}
