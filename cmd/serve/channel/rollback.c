/*
 * Removes messages that the journal could not store from the pending streams. Announcements in a
 * stream stay, and get other stream positions. The positions up to which members know the
 * announcements are corrected.
 */
#include "serve/channel/rollback.h"

#include <stdlib.h>
#include <string.h>

#include "serve/channel/channel.h"
#include "serve/channel/encode.h"
#include "serve/channel/member_index.h"
#include "text/array.h"

/* The state while messages are removed from the pending stream of a channel. */
struct rollback {
	struct channel *channel;
	uint64_t durable; /* messages up to this ticket stay: they are stored, and not published yet
			   */
	uint64_t ticket; /* later messages up to this ticket are removed */
	uint32_t next; /* index of the next pending message */
	uint32_t kept; /* how many messages before it stay */
	/* Stream positions of the current block, before and after the removal. */
	uint64_t old_position, new_position;
	/* The members that know pending announcements, by the position; owned. */
	struct member **newcomers;
	size_t newcomer_count, newcomer_cap;
	size_t moved; /* the positions of so many newcomers are corrected */
	struct member_index members;
};

/* ---- the senders ---- */

/* Sends storage_failed to a sender, as many times as it posted the message. */
static void
sender_fail(struct rollback *rollback, uint64_t serial, uint64_t times, struct chat_span nonce_json)
{
	struct member *sender = member_index_find(&rollback->members, rollback->channel, serial);
	struct block *block;

	if (!sender)
		return;
	block = encode_error(&(struct outgoing_error){
		.code = CHAT_STORAGE_FAILED,
		.text = "the message cannot be stored now",
		.nonce_json = nonce_json,
	});
	member_send_frame(sender, block, 0, times);
	block_unref(block);
}

static void
message_fail(
	struct rollback *rollback, const struct pending_message *message, struct chat_span payload)
{
	const struct nonce_sender *sender;
	struct journal_line line;

	if (!message->nonce) {
		sender_fail(rollback, message->sender, 1, (struct chat_span){0});
		return;
	}
	line.nonce_json.len = 0;
	journal_line_read(&line, payload);
	for (sender = nonce_senders(message->nonce); sender; sender = sender->next)
		sender_fail(rollback, sender->sender, sender->count, line.nonce_json);
	nonces_remove(&rollback->channel->channels->nonces, message->nonce);
}

/* ---- the stream ---- */

static int
newcomer_compare(const void *a, const void *b)
{
	const struct member *first = *(struct member *const *)a;
	const struct member *second = *(struct member *const *)b;

	return (first->knows > second->knows) - (first->knows < second->knows);
}

static void
find_newcomers(struct rollback *rollback)
{
	const struct channel *channel = rollback->channel;
	struct member *member;

	for (member = channel->members.first; member; member = member->next)
		if (member->knows > channel->pending.published) {
			ARRAY_GROW(rollback->newcomers, rollback->newcomer_count,
				rollback->newcomer_cap, 1);
			rollback->newcomers[rollback->newcomer_count++] = member;
		}
	if (rollback->newcomer_count)
		qsort(rollback->newcomers, rollback->newcomer_count, sizeof(*rollback->newcomers),
			newcomer_compare);
}

/* The frame, or the end of the stream, at one position is moved to another one. */
static void
newcomers_move(struct rollback *rollback, uint64_t from, uint64_t to)
{
	for (; rollback->moved < rollback->newcomer_count &&
		rollback->newcomers[rollback->moved]->knows == from;
		rollback->moved++)
		rollback->newcomers[rollback->moved]->knows = to;
}

/*
 * Decides if the frame at offset `at` of the old block stays, and returns true if it does. Then the
 * frame will be at offset `to` of the new block, and its pending message is kept. If a message does
 * not stay, its senders are sent errors. open: the old block is not sealed.
 */
static bool
frame_keep(struct rollback *rollback, const struct block *old, uint32_t at, bool open, uint32_t to)
{
	struct pending *pending = &rollback->channel->pending;
	struct pending_message *message = &pending->messages[rollback->next];

	newcomers_move(rollback, rollback->old_position + at, rollback->new_position + to);
	if (rollback->next == pending->message_count || message->entry.at != at ||
		message->entry.block != (open ? NULL : old))
		return true;
	rollback->next++;
	if (message->ticket > rollback->durable && message->ticket <= rollback->ticket) {
		message_fail(rollback, message, block_frame_payload(old->bytes + at));
		return false;
	}
	message->entry.at = to;
	pending->messages[rollback->kept++] = *message;
	return true;
}

/*
 * Returns a new block with those frames of the old block that stay. The caller owns the only
 * reference.
 */
static struct block *
block_without(struct rollback *rollback, struct block *old, bool open)
{
	struct block *block = block_new(old->len);
	uint32_t kept = rollback->kept;

	for (uint32_t at = 0, size; at < old->len; at += size) {
		size = (uint32_t)block_frame_size(old->bytes + at);
		if (!frame_keep(rollback, old, at, open, block->len))
			continue;
		memcpy(block->bytes + block->len, old->bytes + at, size);
		block->len += size;
	}
	for (; !open && kept < rollback->kept; kept++)
		rollback->channel->pending.messages[kept].entry.block = block;
	rollback->old_position += old->len;
	rollback->new_position += block->len;
	return block;
}

static void
channel_rollback(struct channel *channel, uint64_t ticket)
{
	struct pending *pending = &channel->pending;
	struct channels *channels = channel->channels;
	struct rollback rollback = {
		.channel = channel, .durable = channels->durable, .ticket = ticket};
	uint32_t count = 0;

	channels->pending_bytes -= pending_bytes(pending);
	rollback.old_position = rollback.new_position = pending->published;
	find_newcomers(&rollback);
	for (uint32_t i = 0; i < pending->block_count; i++) {
		bool open = pending->open && i + 1 == pending->block_count;
		struct block *old = pending->blocks[i].block;
		struct block *block = block_without(&rollback, old, open);

		block_unref(old);
		pending->open = pending->open && !(open && block->len == 0);
		if (block->len) {
			pending->blocks[count] = pending->blocks[i];
			pending->blocks[count++].block = block;
		} else {
			block_unref(block);
		}
	}
	newcomers_move(&rollback, rollback.old_position, rollback.new_position);
	free(rollback.newcomers);
	member_index_free(&rollback.members);
	pending->sealed =
		rollback.new_position - (pending->open ? pending->blocks[count - 1].block->len : 0);
	pending->block_count = count;
	pending->message_count = rollback.kept;
	channels->pending_bytes += pending_bytes(pending);
}

void
channels_rollback(struct channels *channels, uint64_t ticket)
{
	struct channel *channel;

	for (channel = channels->waiting; channel; channel = channel->next_waiting)
		channel_rollback(channel, ticket);
	for (channel = channels->dirty; channel; channel = channel->next_dirty)
		if (channel->next_waiting == channel)
			channel_rollback(channel, ticket);
	channels->durable = ticket; /* the other blocks need not wait for removed messages */
}
