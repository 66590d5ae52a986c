/* From posted messages to batches on their way. */
#include "serve/cluster/proposals.h"

#include <stdlib.h>
#include <utlist.h>

#include "serve/channel/post.h"
#include "serve/cluster/batch.h"
#include "serve/util/memory.h"
#include "text/err.h"
#include "text/hash.h"
#include "text/span.h"

#define ANSWER_MS 2000 /* a batch that was not answered for this time is published again */
#define AWAY_MS 250 /* the same after the stream has said that it is away */

/* ---- adding ---- */

static struct lane *
lane_of(struct proposals *proposals, struct chat_span channel)
{
	return &proposals->lanes[chat_hash(channel.at, channel.len) % PROPOSALS_LANES];
}

/* Returns the memory that a proposal with a line of this length takes. */
static size_t
cost_of(size_t len)
{
	return memory_cost(sizeof(struct proposal)) + len;
}

int
proposals_add(struct proposals *proposals, struct chat_span channel,
	const struct channel_post *post, int64_t now_ms, int64_t unix_ms, struct chat_err *err)
{
	struct lane *lane = lane_of(proposals, channel);
	size_t len = batch_add(&lane->text, channel, post, unix_ms);
	struct proposal *proposal;

	if (len > proposals->most_line_bytes) {
		lane->text.len -= len;
		return chat_fail(
			err, CHAT_TOO_LARGE, "the message is larger than what the cluster stores");
	}
	proposal = chat_alloc_zeroed(1, sizeof(*proposal));
	proposal->number = ++proposals->last;
	proposal->sender = channel_post_sender(post);
	proposal->since_ms = now_ms;
	proposal->len = (uint32_t)len;
	proposals->bytes += cost_of(len);
	DL_APPEND(proposals->first, proposal);
	if (lane->first)
		lane->last->next_own = proposal;
	else
		lane->first = proposal;
	lane->last = proposal;
	return 0;
}

/* ---- sending ---- */

static void
publish(struct proposals *proposals, struct lane *lane, int64_t now_ms)
{
	lane->again_ms = now_ms + ANSWER_MS;
	lane->times++;
	shared_log_publish(proposals->shared_log, lane->batch,
		(struct chat_span){lane->text.at, lane->sent_bytes});
}

/* Chooses the messages of the next batch. */
static void
fill_batch(struct proposals *proposals, struct lane *lane)
{
	lane->batch = ++proposals->last_batch;
	lane->times = 0;
	for (const struct proposal *next = lane->first; next && lane->sent < BATCH_MESSAGES_MAX &&
		(!lane->sent || lane->sent_bytes + next->len <= proposals->most_batch_bytes);
		next = next->next_own) {
		lane->sent++;
		lane->sent_bytes += next->len;
	}
}

void
proposals_send(struct proposals *proposals, int64_t now_ms)
{
	for (size_t i = 0; i < PROPOSALS_LANES && !proposals->halted; i++) {
		struct lane *lane = &proposals->lanes[i];

		if (lane->batch || !lane->first)
			continue;
		fill_batch(proposals, lane);
		publish(proposals, lane, now_ms);
	}
}

void
proposals_send_again(struct proposals *proposals, int64_t now_ms)
{
	for (size_t i = 0; i < PROPOSALS_LANES && !proposals->halted; i++) {
		struct lane *lane = &proposals->lanes[i];

		if (lane->batch && lane->again_ms <= now_ms)
			publish(proposals, lane, now_ms);
	}
}

/* ---- answers ---- */

/* Returns the lane on which this batch is on its way, or NULL. */
static struct lane *
lane_sending(struct proposals *proposals, uint64_t batch)
{
	for (size_t i = 0; batch && i < PROPOSALS_LANES; i++)
		if (proposals->lanes[i].batch == batch)
			return &proposals->lanes[i];
	return NULL;
}

void
proposals_delay(struct proposals *proposals, uint64_t batch, int64_t now_ms)
{
	struct lane *lane = lane_sending(proposals, batch);

	if (lane)
		lane->again_ms = now_ms + AWAY_MS;
}

bool
proposals_are_placed(const struct proposals *proposals)
{
	for (size_t i = 0; i < PROPOSALS_LANES; i++)
		if (proposals->lanes[i].first)
			return false;
	return true;
}

/* Removes the batch on its way from the lane. */
static void
lane_end_batch(struct lane *lane)
{
	for (uint32_t i = 0; i < lane->sent; i++)
		lane->first = lane->first->next_own;
	chat_buf_drop(&lane->text, lane->sent_bytes);
	if (!lane->text.len)
		chat_buf_free(&lane->text);
	lane->sent = 0;
	lane->sent_bytes = 0;
	lane->batch = 0;
}

struct proposal *
proposals_take(struct proposals *proposals, uint64_t batch, struct chat_span text, uint32_t *count)
{
	struct lane *lane = lane_sending(proposals, batch);
	struct proposal *first;

	*count = 0;
	if (!lane)
		return NULL;
	if (!chat_span_equal(text, (struct chat_span){lane->text.at, lane->sent_bytes})) {
		lane->batch = ++proposals->last_batch;
		lane->again_ms = 0;
		return NULL;
	}
	first = lane->first;
	*count = lane->sent;
	lane_end_batch(lane);
	return first;
}

/* ---- giving up ---- */

static void
give_up_batch(struct lane *lane, proposals_give_up *give_up, void *arg)
{
	struct proposal *proposal = lane->first;
	const char *line = lane->text.at;

	for (uint32_t i = 0; i < lane->sent; i++, proposal = proposal->next_own) {
		give_up(arg, proposal, (struct chat_span){line, proposal->len - 1});
		proposal->placed = true;
		proposal->ticket = 0;
		line += proposal->len;
	}
	lane_end_batch(lane);
}

bool
proposals_may_be_stored(struct proposals *proposals, uint64_t batch)
{
	const struct lane *lane = lane_sending(proposals, batch);

	return lane && lane->times > 1;
}

void
proposals_drop(struct proposals *proposals, uint64_t batch, proposals_give_up *give_up, void *arg)
{
	struct lane *lane = lane_sending(proposals, batch);

	if (lane)
		give_up_batch(lane, give_up, arg);
}

/* Gives up all proposals of a lane. */
static void
give_up_all(struct proposals *proposals, struct lane *lane, proposals_give_up *give_up, void *arg)
{
	while (lane->first) {
		if (!lane->batch)
			fill_batch(proposals, lane);
		give_up_batch(lane, give_up, arg);
	}
}

void
proposals_expire(
	struct proposals *proposals, int64_t before_ms, proposals_give_up *give_up, void *arg)
{
	for (size_t i = 0; i < PROPOSALS_LANES; i++) {
		struct lane *lane = &proposals->lanes[i];

		if (lane->first && lane->first->since_ms < before_ms)
			give_up_all(proposals, lane, give_up, arg);
	}
}

/* ---- the end ---- */

uint64_t
proposals_settle(struct proposals *proposals, uint64_t durable, uint64_t answered)
{
	struct proposal *first;

	while ((first = proposals->first) && first->placed && first->ticket <= durable) {
		answered = first->number;
		proposals->bytes -= cost_of(first->len);
		DL_DELETE(proposals->first, first);
		free(first);
	}
	return answered;
}

void
proposals_free(struct proposals *proposals)
{
	struct proposal *proposal, *next;

	for (size_t i = 0; i < PROPOSALS_LANES; i++) {
		chat_buf_free(&proposals->lanes[i].text);
		proposals->lanes[i].first = NULL;
	}
	DL_FOREACH_SAFE(proposals->first, proposal, next)
	free(proposal);
	proposals->first = NULL;
}
