/* From posted messages to batches on their way. */
#include "serve/cluster/proposals.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/channel/post.h"
#include "serve/cluster/batch.h"
#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/hash.h"
#include "text/span.h"
#include "wire/url.h"

#define ANSWER_MS 2000 /* a batch that was not answered for this time is published again */
#define AWAY_MS 250 /* the same after the stream has said that it is away */

/* The proposals of one channel. */
struct outbox {
	UT_hash_handle hh;
	struct outbox *next, *prev; /* in proposals->idle; valid if batch is 0 */
	struct chat_buf text; /* their lines, in order */
	struct proposal *first, *last; /* next_own */
	uint64_t batch; /* the number of the batch on its way: the first lines; 0: none */
	uint32_t sent; /* messages in it */
	size_t sent_bytes;
	int64_t again_ms; /* when it is published again, by clock_now_ms */
	uint16_t name_len;
	char name[CHAT_CHANNEL_MAX + 1];
};

/* ---- adding ---- */

static struct outbox *
outbox_find(const struct proposals *proposals, struct chat_span channel)
{
	struct outbox *outbox;

	HASH_FIND(hh, proposals->by_channel, channel.at, channel.len, outbox);
	return outbox;
}

static struct outbox *
outbox_of(struct proposals *proposals, struct chat_span channel)
{
	struct outbox *outbox = outbox_find(proposals, channel);

	if (outbox)
		return outbox;
	outbox = chat_alloc_zeroed(1, sizeof(*outbox));
	memcpy(outbox->name, channel.at, channel.len);
	outbox->name_len = (uint16_t)channel.len;
	HASH_ADD(hh, proposals->by_channel, name, channel.len, outbox);
	DL_APPEND(proposals->idle, outbox);
	return outbox;
}

/* Returns the memory that a proposal with a line of this length takes. */
static size_t
cost_of(size_t len)
{
	return memory_cost(sizeof(struct proposal)) + len;
}

/* Frees an outbox in which nothing is. No batch of it may be on its way. */
static void
outbox_release(struct proposals *proposals, struct outbox *outbox)
{
	if (outbox->first)
		return;
	DL_DELETE(proposals->idle, outbox);
	HASH_DEL(proposals->by_channel, outbox);
	chat_buf_free(&outbox->text);
	free(outbox);
}

int
proposals_add(struct proposals *proposals, struct chat_span channel,
	const struct channel_post *post, int64_t now_ms, int64_t unix_ms, struct chat_err *err)
{
	struct outbox *outbox = outbox_of(proposals, channel);
	size_t len = batch_add(&outbox->text, channel, post, unix_ms);
	struct proposal *proposal;

	if (len > proposals->most_line_bytes) {
		outbox->text.len -= len;
		outbox_release(proposals, outbox);
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
	if (outbox->last)
		outbox->last->next_own = proposal;
	else
		outbox->first = proposal;
	outbox->last = proposal;
	return 0;
}

/* ---- sending ---- */

static void
publish(struct proposals *proposals, struct outbox *outbox, int64_t now_ms)
{
	outbox->again_ms = now_ms + ANSWER_MS;
	shared_log_publish(proposals->shared_log,
		(struct chat_span){outbox->name, outbox->name_len}, outbox->batch,
		(struct chat_span){outbox->text.at, outbox->sent_bytes});
}

/* Chooses the messages of the next batch. */
static void
fill_batch(struct proposals *proposals, struct outbox *outbox)
{
	outbox->batch = ++proposals->last_batch;
	DL_DELETE(proposals->idle, outbox);
	for (const struct proposal *next = outbox->first;
		next && outbox->sent < BATCH_MESSAGES_MAX &&
		(!outbox->sent || outbox->sent_bytes + next->len <= proposals->most_batch_bytes);
		next = next->next_own) {
		outbox->sent++;
		outbox->sent_bytes += next->len;
	}
}

void
proposals_send(struct proposals *proposals, int64_t now_ms)
{
	struct outbox *outbox;

	if (proposals->halted)
		return;
	while ((outbox = proposals->idle)) {
		fill_batch(proposals, outbox);
		publish(proposals, outbox, now_ms);
	}
}

void
proposals_send_again(struct proposals *proposals, int64_t now_ms)
{
	struct outbox *outbox, *next;

	if (proposals->halted)
		return;
	HASH_ITER(hh, proposals->by_channel, outbox, next)
	if (outbox->batch && outbox->again_ms <= now_ms)
		publish(proposals, outbox, now_ms);
}

/* ---- answers ---- */

static struct outbox *
outbox_sending(const struct proposals *proposals, uint64_t batch)
{
	struct outbox *outbox, *next;

	HASH_ITER(hh, proposals->by_channel, outbox, next)
	if (outbox->batch == batch)
		return outbox;
	return NULL;
}

void
proposals_delay(struct proposals *proposals, uint64_t batch, int64_t now_ms)
{
	struct outbox *outbox = outbox_sending(proposals, batch);

	if (outbox)
		outbox->again_ms = now_ms + AWAY_MS;
}

/* Removes the batch on its way from the outbox. Frees the outbox if nothing is left in it. */
static void
outbox_end_batch(struct proposals *proposals, struct outbox *outbox)
{
	for (uint32_t i = 0; i < outbox->sent; i++)
		outbox->first = outbox->first->next_own;
	chat_buf_drop(&outbox->text, outbox->sent_bytes);
	outbox->sent = 0;
	outbox->sent_bytes = 0;
	outbox->batch = 0;
	DL_APPEND(proposals->idle, outbox);
	outbox_release(proposals, outbox);
}

struct proposal *
proposals_take(struct proposals *proposals, struct chat_span channel, uint64_t batch,
	struct chat_span text, uint32_t *count)
{
	struct outbox *outbox = outbox_find(proposals, channel);
	struct proposal *first;

	*count = 0;
	if (!batch || !outbox || outbox->batch != batch)
		return NULL;
	if (!chat_span_equal(text, (struct chat_span){outbox->text.at, outbox->sent_bytes})) {
		outbox->batch = ++proposals->last_batch;
		outbox->again_ms = 0;
		return NULL;
	}
	first = outbox->first;
	*count = outbox->sent;
	outbox_end_batch(proposals, outbox);
	return first;
}

/* ---- giving up ---- */

static void
give_up_batch(
	struct proposals *proposals, struct outbox *outbox, proposals_give_up *give_up, void *arg)
{
	struct chat_span channel = {outbox->name, outbox->name_len};
	struct proposal *proposal = outbox->first;
	const char *line = outbox->text.at;

	for (uint32_t i = 0; i < outbox->sent; i++, proposal = proposal->next_own) {
		give_up(arg, channel, proposal, (struct chat_span){line, proposal->len - 1});
		proposal->placed = true;
		proposal->ticket = 0;
		line += proposal->len;
	}
	outbox_end_batch(proposals, outbox);
}

void
proposals_drop(struct proposals *proposals, uint64_t batch, proposals_give_up *give_up, void *arg)
{
	struct outbox *outbox = outbox_sending(proposals, batch);

	if (outbox)
		give_up_batch(proposals, outbox, give_up, arg);
}

/* Gives up all proposals of a channel, and frees its outbox. */
static void
give_up_all(
	struct proposals *proposals, struct outbox *outbox, proposals_give_up *give_up, void *arg)
{
	bool is_last;

	do {
		if (!outbox->batch)
			fill_batch(proposals, outbox);
		is_last = outbox->sent_bytes == outbox->text.len;
		give_up_batch(proposals, outbox, give_up, arg);
	} while (!is_last);
}

void
proposals_expire(
	struct proposals *proposals, int64_t before_ms, proposals_give_up *give_up, void *arg)
{
	struct outbox *outbox, *next;

	HASH_ITER(hh, proposals->by_channel, outbox, next)
	if (outbox->first->since_ms < before_ms)
		give_up_all(proposals, outbox, give_up, arg);
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
	struct outbox *outbox, *next_outbox;
	struct proposal *proposal, *next;

	HASH_ITER(hh, proposals->by_channel, outbox, next_outbox)
	{
		HASH_DEL(proposals->by_channel, outbox);
		chat_buf_free(&outbox->text);
		free(outbox);
	}
	DL_FOREACH_SAFE(proposals->first, proposal, next)
	free(proposal);
	proposals->first = NULL;
}
