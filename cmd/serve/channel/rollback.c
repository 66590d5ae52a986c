/*
 * Removes messages that the journal could not store from the pending streams. Announcements in a
 * stream stay, and get other stream positions. The position of the announcement that a new member
 * must skip is corrected.
 */
#include "serve/channel/rollback.h"

#include <string.h>

#include "serve/channel/channel.h"
#include "serve/channel/encode.h"
#include "serve/channel/member_index.h"

/* The state while messages are removed from the pending stream of a channel. */
struct rollback {
	struct channel *channel;
	uint64_t ticket; /* messages up to this ticket are removed */
	uint32_t next; /* index of the next pending message */
	uint32_t kept; /* how many messages before it stay */
	/* Stream positions of the current block, before and after the removal. */
	uint64_t old_position, new_position;
	/* No member before this one skips a frame that was not moved yet. */
	struct member *newcomer;
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

/*
 * A frame is moved from one stream position to another. If a member skips that frame, its skip is
 * corrected. Members that joined later skip later frames.
 */
static void
skip_move(struct rollback *rollback, uint64_t from, uint64_t to)
{
	struct member *member = rollback->newcomer;

	while (member && (member->skip < from || member->skip == MEMBER_SKIPS_NOTHING))
		member = member->next;
	if (member && member->skip == from) {
		member->skip = to;
		member = member->next;
	}
	rollback->newcomer = member;
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

	if (rollback->next == pending->message_count || message->entry.at != at ||
		message->entry.block != (open ? NULL : old)) {
		skip_move(rollback, rollback->old_position + at, rollback->new_position + to);
		return true;
	}
	rollback->next++;
	if (message->ticket <= rollback->ticket) {
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
		.channel = channel, .ticket = ticket, .newcomer = channel->members.first};
	uint32_t count = 0;

	channels->pending_bytes -= pending_bytes(pending);
	rollback.old_position = rollback.new_position = pending->published;
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
