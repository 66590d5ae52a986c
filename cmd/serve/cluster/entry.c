/*
 * From entries of the stream to messages of channels. All servers of a cluster do this with
 * the same entries, and must come to the same result.
 */
#include "serve/cluster/entry.h"

#include "serve/channel/apply.h"
#include "serve/channel/post.h"
#include "serve/cluster/batch.h"
#include "serve/cluster/copy.h"
#include "serve/cluster/halt.h"
#include "serve/cluster/state.h"
#include "serve/cluster/tell.h"

static void
report_garbage(struct cluster *cluster, const struct shared_log_entry *entry, const char *why)
{
	cluster->ever.garbage++;
	error_log_printf(cluster->error_log,
		"cluster: entry %llu has something that no server has written, and it is left out: "
		"%s",
		(unsigned long long)entry->number, why);
}

/*
 * Returns the message that had the nonce first; NULL: this one, which is remembered, or none.
 * Without a nonce nothing of the message is looked at.
 */
static const struct window_message *
find_duplicate(struct cluster *cluster, const struct channel *channel,
	const struct channel_post *post, struct window_message *message)
{
	struct chat_span id = {post->user->id, post->user->id_len};
	const struct window_message *seen;
	struct nonce_key key;

	if (!post->nonce_json.len)
		return NULL;
	message->digest = channel_post_digest(post);
	key = nonce_key(channel_name(channel), id, post->nonce);
	seen = window_find(&cluster->window, key, message->time_ms);
	if (!seen)
		window_add(&cluster->window, key, message);
	return seen;
}

/* Notes that a user who is here was active. */
static void
note_active(struct channel *channel, const struct channel_post *post, int64_t time_ms)
{
	struct user *user = roster_find_id(
		&channel->roster, (struct chat_span){post->user->id, post->user->id_len});

	if (user && user->active_ms < time_ms)
		user->active_ms = time_ms;
}

/*
 * Applies one message, or drops it. proposal: of this server; NULL: of another one. Returns the
 * ticket of the journal; 0: there is nothing to wait for.
 */
static uint64_t
apply_message(struct cluster *cluster, struct channel *channel, struct channel_post *post,
	uint64_t number, const struct proposal *proposal)
{
	struct channels *channels = channel->channels;
	struct window_message message = {.number = number, .time_ms = cluster->time_ms};
	const struct window_message *seen = find_duplicate(cluster, channel, post, &message);
	uint64_t sender = proposal ? proposal->sender : 0;
	struct chat_err err;

	if (seen) {
		cluster->ever.duplicates++;
		if (copy_check_none(cluster, number, &err) < 0)
			cluster_fail(cluster, &err);
		if (sender)
			cluster_owe_answer(cluster, channel, sender, post, seen, message.digest);
		return channels->ticket; /* the first one may not be published yet */
	}
	if (number <= cluster->copied) {
		if (copy_check_message(cluster, channel, post, number, &err) < 0)
			cluster_fail(cluster, &err);
		return 0; /* the journal has it */
	}
	note_active(channel, post, cluster->time_ms);
	channel_apply(channel,
		&(struct log_entry){
			.place = {channels->epoch, number},
			.posted_ms = cluster->time_ms,
			.post = post,
			.sender = sender,
		});
	if (sender)
		cluster_owe_if_passed(cluster, channel, sender, post, &message);
	return channels->ticket;
}

/* Applies one message in its channel. Returns the result of apply_message(). */
static uint64_t
apply_in_channel(struct cluster *cluster, struct batch_message *message, uint64_t number,
	const struct proposal *proposal)
{
	const struct claimant log = {.is_log = true};
	struct channel *channel = channels_find(cluster->channels, message->channel, &log, NULL);
	uint64_t ticket = apply_message(cluster, channel, &message->post, number, proposal);

	channel_release(channel);
	return ticket;
}

/* Leaves out a line of an entry that is no message. */
static void
leave_out(struct cluster *cluster, const struct shared_log_entry *entry, uint64_t number,
	const char *why)
{
	struct chat_err err;

	report_garbage(cluster, entry, why);
	if (copy_check_none(cluster, number, &err) < 0)
		cluster_fail(cluster, &err);
}

/* Applies the messages of a batch. own: the proposals of this server; NULL: it is of another. */
static void
apply_batch(struct cluster *cluster, const struct shared_log_entry *entry, struct proposal *own)
{
	struct chat_span rest = entry->text;
	struct batch_message message;
	struct chat_err err;
	uint64_t i;

	for (i = 0; rest.len && i < BATCH_MESSAGES_MAX && cluster->state != CLUSTER_FAILED; i++) {
		struct proposal *proposal = own;
		uint64_t number = entry->number << BATCH_BITS | i;
		uint64_t ticket = 0;

		if (own)
			own = own->next_own;
		if (batch_next(&rest, &message, &err) < 0)
			leave_out(cluster, entry, number, err.text);
		else
			ticket = apply_in_channel(cluster, &message, number, proposal);
		if (!proposal)
			continue;
		proposal->placed = true;
		proposal->ticket = ticket;
	}
	if (cluster->state == CLUSTER_FAILED)
		return;
	if (rest.len)
		report_garbage(cluster, entry, "more messages than a batch has");
	if (copy_check_count(cluster, entry, i, &err) < 0)
		cluster_fail(cluster, &err);
}

/* Notes that the stream has stored messages of this server. */
static void
note_stored(struct cluster *cluster)
{
	if (cluster->is_stuck)
		error_log_printf(cluster->error_log, "cluster: messages are stored again");
	cluster->is_stuck = false;
	cluster->away[0] = '\0';
}

void
cluster_apply(void *arg, const struct shared_log_entry *entry)
{
	struct cluster *cluster = arg;
	struct proposal *own;
	uint32_t count;

	if (cluster->state == CLUSTER_FAILED)
		return;
	cluster->ever.entries++;
	cluster->time_ms = clock_after_ms(entry->time_ms, cluster->time_ms);
	if (cluster->entry < entry->number)
		cluster->entry = entry->number;
	own = proposals_take(&cluster->proposals, entry->batch, entry->text, &count);
	if (own)
		note_stored(cluster);
	apply_batch(cluster, entry, own);
}
