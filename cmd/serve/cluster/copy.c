/* Compares what this server has of the stream with what the stream has now. */
#include "serve/cluster/copy.h"

#include "serve/channel/channel.h"
#include "serve/channel/post.h"
#include "serve/cluster/state.h"
#include "text/err.h"
#include "text/span.h"

/* ---- the journal ---- */

static int
fail_journal(struct chat_err *err)
{
	return chat_fail(err, CHAT_USAGE,
		"the journal has messages that the stream has lost (see chat-cluster(7)): begin "
		"with an empty directory");
}

int
copy_check_stream(
	const struct channels *channels, const struct shared_log_state *state, struct chat_err *err)
{
	const struct epochs *epochs = &channels->epochs;
	uint64_t epoch = (uint64_t)state->made_ms;

	for (uint32_t i = 0; i < epochs->count; i++)
		if (epochs->at[i].epoch != epoch)
			return chat_fail(err, CHAT_USAGE,
				"the journal has messages that are not of this cluster: begin with "
				"an empty directory");
	return channels->sequence >> BATCH_BITS > state->last ? fail_journal(err) : 0;
}

/* Returns the line of the message with this number; empty: it is not in memory. */
static struct chat_span
find_line(const struct channel *channel, uint64_t number)
{
	const struct history *history = &channel->history;
	uint32_t at = history_after(history, number - 1);
	const struct history_entry *entry = at < history->count ? history_at(history, at) : NULL;

	if (!entry || entry->number != number)
		return (struct chat_span){0};
	return block_frame_payload(entry->block->bytes + entry->at);
}

/* Returns true if a line has the same message of the same user. */
static bool
is_same(struct chat_span line, const struct channel_post *post)
{
	struct batch_message copy;

	return batch_next(&line, &copy, NULL) == 0 &&
		chat_span_equal((struct chat_span){copy.user.id, copy.user.id_len},
			(struct chat_span){post->user->id, post->user->id_len}) &&
		chat_span_equal(copy.post.nonce_json, post->nonce_json) &&
		channel_post_digest(&copy.post) == channel_post_digest(post);
}

/* Returns true if another channel has a message with this number. */
static bool
is_elsewhere(const struct channel *channel, uint64_t number)
{
	const struct channel *other, *next;

	HASH_ITER(hh, channel->channels->by_name, other, next)
	if (other != channel && find_line(other, number).len)
		return true;
	return false;
}

int
copy_check_message(const struct cluster *cluster, const struct channel *channel,
	const struct channel_post *post, uint64_t number, struct chat_err *err)
{
	struct chat_span line = find_line(channel, number);

	/* No timestamp is before the time of its entry. */
	if (cluster->last.time_ms > cluster->copied_ms || (line.len && !is_same(line, post)) ||
		(number == cluster->copied && is_elsewhere(channel, number)))
		return fail_journal(err);
	return 0;
}

int
copy_check_none(const struct cluster *cluster, uint64_t number, struct chat_err *err)
{
	return number == cluster->copied ? fail_journal(err) : 0;
}

int
copy_check_count(const struct cluster *cluster, const struct shared_log_entry *entry,
	uint64_t count, struct chat_err *err)
{
	uint64_t place = cluster->copied & ((1 << BATCH_BITS) - 1);

	if (cluster->copied >> BATCH_BITS == entry->number && count <= place)
		return fail_journal(err);
	return 0;
}

/* ---- the last entry ---- */

int
copy_check_again(const struct shared_log_entry *told, const struct shared_log_entry *again,
	struct chat_err *err)
{
	unsigned long long number = told->number;

	if (!again->text.at)
		return chat_fail(err, CHAT_IO_ERROR,
			"the stream has lost entry %llu, which members were told of: the "
			"nats-servers were killed, or lost power (see chat-cluster(7))",
			number);
	if (again->time_ms != told->time_ms || !chat_span_equal(again->text, told->text))
		return chat_fail(err, CHAT_IO_ERROR,
			"entry %llu of the stream is not the one that members were told of: the "
			"nats-servers were killed, or lost power (see chat-cluster(7))",
			number);
	return 0;
}
