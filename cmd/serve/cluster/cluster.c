/* Opens the cluster; the state, the turns and the end of it. The entries are applied in entry.c. */
#include "serve/cluster/cluster.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "serve/channel/encode.h"
#include "serve/channel/post.h"
#include "serve/channel/user_data.h"
#include "serve/cluster/batch.h"
#include "serve/cluster/copy.h"
#include "serve/cluster/entry.h"
#include "serve/cluster/tell.h"
#include "serve/journal/message_id.h"
#include "text/err.h"

#define LINE_EXTRA_BYTES \
	((size_t)1024) /* of a line in a batch, beside what the client has sent \
			*/

/* ---- proposing ---- */

static int
propose(struct channel_log *log, struct channel *channel, const struct channel_post *post,
	struct chat_err *err)
{
	struct cluster *cluster = (struct cluster *)log;
	struct proposals *proposals = &cluster->proposals;
	int64_t now_ms = clock_now_ms(cluster->clock);

	if (cluster->state == CLUSTER_FAILED)
		return chat_fail(err, CHAT_UNAVAILABLE, "the cluster cannot store messages now");
	if (refused_has(&cluster->refused, channel_post_sender(post), now_ms))
		return chat_fail(err, CHAT_UNAVAILABLE,
			"a message before this one was not stored: send that one again first");
	if (proposals_add(proposals, channel_name(channel), post, now_ms,
		    clock_unix_ms(cluster->clock), err) < 0)
		return -1;
	log->proposed = proposals->last;
	log->bytes = proposals->bytes;
	return 0;
}

/* ---- presence ---- */

static void
tell_presence(
	struct channel_log *log, const struct channel *channel, const struct user *user, bool here)
{
	struct cluster *cluster = (struct cluster *)log;

	presence_note(&cluster->presence, channel, user, here);
}

static void
expel(struct channel_log *log, struct channel *channel, struct user *user)
{
	struct cluster *cluster = (struct cluster *)log;
	struct member *member, *next;
	bool is_here = user->conns > 0;

	if (user->remote)
		nodes_displace(&cluster->presence.nodes, channel, user);
	if (!is_here)
		return;
	DL_FOREACH_SAFE(channel->members.first, member, next)
	if (member->user == user)
		cluster->events->expel(cluster->arg, member);
}

/* ---- what the stream says ---- */

/* An entry whose messages have no ids would be given those of others. */
static int
check_ids(uint64_t entry, struct chat_err *err)
{
	if (entry <= MESSAGE_NUMBER_MAX >> BATCH_BITS)
		return 0;
	return chat_fail(err, CHAT_IO_ERROR,
		"the stream has as many entries as there are ids: begin with another "
		"--cluster-name");
}

/* Notes how far the journal goes. If the last message was removed, its time is not known. */
static void
note_copied(struct cluster *cluster)
{
	const struct channels *channels = cluster->channels;
	const struct epochs *epochs = &channels->epochs;
	bool has_last = epochs->count && epochs->at[epochs->count - 1].last == channels->sequence;

	cluster->copied = channels->sequence;
	cluster->copied_ms = has_last ? channels->freed.timestamp_ms : INT64_MAX;
}

static void
on_opened(void *arg, const struct shared_log_state *state)
{
	struct cluster *cluster = arg;
	struct channels *channels = cluster->channels;
	struct chat_err err;
	uint64_t last;

	if (check_ids(state->last, &err) < 0 || copy_check_stream(channels, state, &err) < 0) {
		cluster_fail(cluster, &err);
		return;
	}
	note_copied(cluster);
	channels->epoch = (uint64_t)state->made_ms;
	epochs_free(&channels->epochs);
	last = channels->sequence >> BATCH_BITS;
	if (last + 1 < state->first)
		/* These entries were removed before this server could copy them. */
		channels->gap = (state->first << BATCH_BITS) - 1;
	cluster->entry = last ? last - 1 : 0; /* the end of its last batch may be missing */
	if (channels->limits.max_message_bytes + LINE_EXTRA_BYTES > state->max_payload) {
		channels->limits.max_message_bytes = state->max_payload - LINE_EXTRA_BYTES;
		error_log_printf(cluster->error_log,
			"cluster: messages have at most %zu bytes, because max_payload of the "
			"nats-server is %zu",
			channels->limits.max_message_bytes, state->max_payload);
	}
	cluster->proposals.most_batch_bytes =
		state->max_payload < BATCH_BYTES_MAX ? state->max_payload : BATCH_BYTES_MAX;
	cluster->proposals.most_line_bytes = state->max_payload;
	channels_announce_server(channels);
	cluster->state = CLUSTER_CATCHING_UP;
	shared_log_read(cluster->shared_log, cluster->entry,
		cluster->entry ? channels->freed.timestamp_ms - WINDOW_MS - LEADERS_MS : 0);
}

/* The stream is read from the same place again if a connection ends at the beginning. */
static void
on_entry(void *arg, const struct shared_log_entry *entry)
{
	struct cluster *cluster = arg;
	struct chat_err err;

	if (cluster->state == CLUSTER_FAILED)
		return;
	cluster->last = *entry;
	if (entry->number <= cluster->seen)
		return;
	cluster->seen = entry->number;
	if (check_ids(entry->number, &err) < 0)
		cluster_fail(cluster, &err);
	else
		cluster_apply(cluster, entry);
}

static void
on_again(void *arg, const struct shared_log_entry *again)
{
	struct cluster *cluster = arg;
	struct chat_err err;

	if (cluster->state != CLUSTER_FAILED && again->number == cluster->last.number &&
		copy_check_again(&cluster->last, again, &err) < 0)
		cluster_fail(cluster, &err);
}

static void
on_caught_up(void *arg)
{
	struct cluster *cluster = arg;

	if (cluster->state != CLUSTER_CATCHING_UP)
		return;
	cluster->state = CLUSTER_CALLING;
	cluster->called_ms = clock_now_ms(cluster->clock);
	presence_ask(&cluster->presence);
}

static void
on_heard(void *arg, struct chat_span text)
{
	struct cluster *cluster = arg;

	presence_hear(&cluster->presence, text, clock_now_ms(cluster->clock));
}

static void
on_answer(void *arg, uint64_t batch, enum shared_log_answer answer, const char *why)
{
	struct cluster *cluster = arg;

	if (answer == SHARED_LOG_AWAY) {
		proposals_delay(&cluster->proposals, batch, clock_now_ms(cluster->clock));
		snprintf(cluster->away, sizeof(cluster->away), "%s", why);
	}
	if (answer != SHARED_LOG_REFUSED)
		return;
	error_log_printf(cluster->error_log, "cluster: the stream refuses messages: %s", why);
	proposals_drop(&cluster->proposals, batch,
		proposals_may_be_stored(&cluster->proposals, batch) ? cluster_tell_unavailable
								    : cluster_tell_refused,
		cluster);
}

static void
on_changed(void *arg, const char *sentence)
{
	struct cluster *cluster = arg;

	error_log_printf(cluster->error_log, "cluster: %s", sentence);
}

static void
on_failed(void *arg, const struct chat_err *err)
{
	cluster_fail(arg, err);
}

static const struct shared_log_events shared_log_events = {
	.opened = on_opened,
	.entry = on_entry,
	.again = on_again,
	.caught_up = on_caught_up,
	.answer = on_answer,
	.heard = on_heard,
	.changed = on_changed,
	.failed = on_failed,
};

/* ---- the turn, the sweep ---- */

void
cluster_turn(struct cluster *cluster)
{
	struct channel_log *log = &cluster->log;

	if (!cluster->shared_log)
		return;
	cluster_pay_answers(cluster);
	presence_turn(&cluster->presence);
	proposals_send(&cluster->proposals, clock_now_ms(cluster->clock));
	log->answered =
		proposals_settle(&cluster->proposals, cluster->channels->durable, log->answered);
	log->bytes = cluster->proposals.bytes;
}

bool
cluster_is_settled(const struct cluster *cluster)
{
	return !cluster->shared_log || proposals_are_placed(&cluster->proposals);
}

/* Begins to serve when the other servers have had time to say who is present. */
static void
begin_when_called(struct cluster *cluster, int64_t now_ms)
{
	if (cluster->state != CLUSTER_CALLING || now_ms - cluster->called_ms < NODE_ANSWER_MS)
		return;
	cluster->state = CLUSTER_READY;
	cluster->proposals.halted = false;
	cluster->events->ready(cluster->arg);
}

/* Reports once that messages wait for too long. cluster_apply() reports the end of it. */
static void
report_if_stuck(struct cluster *cluster)
{
	if (cluster->is_stuck || cluster->state != CLUSTER_READY ||
		cluster_wait_ms(cluster) <= CLUSTER_TROUBLE_MS)
		return;
	cluster->is_stuck = true;
	error_log_printf(cluster->error_log, "cluster: messages are not stored: %s",
		*cluster->away ? cluster->away : "the stream does not answer");
}

void
cluster_sweep(struct cluster *cluster)
{
	int64_t now_ms;

	if (!cluster->shared_log)
		return;
	now_ms = clock_now_ms(cluster->clock);
	begin_when_called(cluster, now_ms);
	if (cluster->state >= CLUSTER_CALLING)
		presence_sweep(&cluster->presence, now_ms);
	report_if_stuck(cluster);
	/*
	 * In this order: the stream knows a batch again for two minutes only, and this process may
	 * have been stopped for longer.
	 */
	proposals_expire(&cluster->proposals, now_ms - CLUSTER_PATIENCE_MS,
		cluster_tell_unavailable, cluster);
	proposals_send_again(&cluster->proposals, now_ms);
}

/* ---- for the monitor ---- */

int64_t
cluster_wait_ms(const struct cluster *cluster)
{
	const struct proposal *first = cluster->proposals.first;

	return first ? clock_now_ms(cluster->clock) - first->since_ms : 0;
}

const char *
cluster_trouble(const struct cluster *cluster)
{
	if (!cluster->shared_log)
		return NULL;
	switch (cluster->state) {
	case CLUSTER_CONNECTING:
		return "the nats-servers do not answer";
	case CLUSTER_CATCHING_UP:
	case CLUSTER_CALLING:
		return "catching up with the cluster";
	case CLUSTER_FAILED:
		return "the cluster is lost";
	case CLUSTER_READY:
		break;
	}
	return cluster_wait_ms(cluster) > CLUSTER_TROUBLE_MS ? "the cluster does not store messages"
							     : NULL;
}

size_t
cluster_memory(const struct cluster *cluster)
{
	return window_memory(&cluster->window) + cluster->presence.changes.cap +
		cluster->presence.nodes.bytes + refused_memory(&cluster->refused);
}

/* ---- opening and closing ---- */

int
cluster_open(struct cluster *cluster, const struct shared_log_options *options, uv_loop_t *loop,
	struct channels *channels, struct error_log *error_log, const struct cluster_events *events,
	void *arg, struct chat_err *err)
{
	*cluster = (struct cluster){
		.log = {.propose = propose, .tell_presence = tell_presence, .expel = expel},
		.channels = channels,
		.clock = channels->clock,
		.error_log = error_log,
		.events = events,
		.arg = arg,
		.options = *options,
		.proposals.halted = true,
	};
	cluster->options.has_copy = channels->sequence > 0;
	cluster->shared_log =
		shared_log_open(&cluster->options, loop, &shared_log_events, cluster, err);
	if (!cluster->shared_log)
		return -1;
	cluster->proposals.shared_log = cluster->shared_log;
	presence_open(&cluster->presence, channels, cluster->shared_log, error_log);
	cluster->log.name = chat_span_of(cluster->presence.server);
	channels->log = &cluster->log;
	return 0;
}

void
cluster_close(struct cluster *cluster)
{
	if (!cluster->shared_log)
		return;
	presence_leave(&cluster->presence);
	shared_log_close(cluster->shared_log);
}

void
cluster_free(struct cluster *cluster)
{
	if (!cluster->shared_log)
		return;
	shared_log_free(cluster->shared_log);
	cluster_forget_answers(cluster);
	presence_free(&cluster->presence);
	proposals_free(&cluster->proposals);
	refused_free(&cluster->refused);
	window_free(&cluster->window);
	cluster->shared_log = NULL;
}
