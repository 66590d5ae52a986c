/*
 * What the journal could not keep. Messages and announcements of a channel lie in one stream; the
 * messages are taken out, and those newcomers who are to miss an announcement of their own still
 * do.
 */
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/member_index.h"

/* The stream of a channel while messages are taken out of it. */
struct refusal {
	struct channel *channel;
	uint64_t ticket; /* up to it they go */
	uint32_t next; /* pending to be looked at */
	uint32_t kept; /* pending that stay */
	uint64_t old_position, new_position; /* in the stream, where the block at hand begins */
	struct member *newcomer; /* of those before it none misses a frame that is yet to come */
	struct member_index members;
};

/* One error for each time that it was said. */
static void
sender_refuse(struct refusal *refusal, uint64_t serial, uint64_t times, struct chat_span nonce_json)
{
	struct member *sender = member_index_find(&refusal->members, refusal->channel, serial);
	struct block *block;

	if (!sender)
		return;
	block = encode_error(&(struct outgoing_error){
		.code = CHAT_STORAGE_FAILED,
		.text = "the message cannot be stored now",
		.nonce_json = nonce_json,
	});
	while (times--)
		conn_send_run(sender->conn, block, 0, block->len);
	block_unref(block);
}

static void
pending_refuse(struct refusal *refusal, const struct pending *pending, struct chat_span payload)
{
	struct journal_line line;

	if (!pending->nonce) {
		sender_refuse(refusal, pending->sender, 1, (struct chat_span){0});
		return;
	}
	line.nonce_json.len = 0;
	journal_line_read(&line, payload);
	for (const struct nonce_sender *sender = nonce_senders(pending->nonce); sender;
		sender = sender->next)
		sender_refuse(refusal, sender->sender, sender->count, line.nonce_json);
	nonces_remove(&refusal->channel->channels->nonces, pending->nonce);
}

/*
 * A frame has another position now: the newcomer who was to miss it misses it there. Those who came
 * later miss later frames.
 */
static void
newcomer_move(struct refusal *refusal, uint64_t from, uint64_t to)
{
	struct member *member = refusal->newcomer;

	while (member && (member->skip < from || member->skip == MEMBER_SKIPS_NOTHING))
		member = member->next;
	if (member && member->skip == from) {
		member->skip = to;
		member = member->next;
	}
	refusal->newcomer = member;
}

/* The frame at this offset: whether it stays. A pending message that does is noted as moved. */
static bool
frame_stays(struct refusal *refusal, const struct block *old, uint32_t at, bool open, uint32_t to)
{
	struct channel *channel = refusal->channel;
	struct pending *pending = &channel->pending[refusal->next];

	if (refusal->next == channel->pending_count || pending->entry.at != at ||
		pending->entry.block != (open ? NULL : old)) {
		newcomer_move(refusal, refusal->old_position + at, refusal->new_position + to);
		return true;
	}
	refusal->next++;
	if (pending->ticket <= refusal->ticket) {
		pending_refuse(refusal, pending, block_frame_payload(old->bytes + at));
		return false;
	}
	pending->entry.at = to;
	channel->pending[refusal->kept++] = *pending;
	return true;
}

/* A block of what stays of this one. */
static struct block *
block_without(struct refusal *refusal, struct block *old, bool open)
{
	struct block *block = block_new(old->len);
	uint32_t kept = refusal->kept;

	for (uint32_t at = 0, size; at < old->len; at += size) {
		size = (uint32_t)block_frame_size(old->bytes + at);
		if (!frame_stays(refusal, old, at, open, block->len))
			continue;
		memcpy(block->bytes + block->len, old->bytes + at, size);
		block->len += size;
	}
	for (; !open && kept < refusal->kept; kept++)
		refusal->channel->pending[kept].entry.block = block;
	refusal->old_position += old->len;
	refusal->new_position += block->len;
	return block;
}

static void
channel_refuse(struct channel *channel, uint64_t ticket)
{
	struct refusal refusal = {
		.channel = channel, .ticket = ticket, .newcomer = channel->members};
	uint32_t count = 0;

	refusal.old_position = refusal.new_position = channel->published;
	for (uint32_t i = 0; i < channel->block_count; i++) {
		bool open = channel->open && i + 1 == channel->block_count;
		struct block *old = channel->blocks[i].block;
		struct block *block = block_without(&refusal, old, open);

		channel->channels->pending_bytes -= old->len - block->len;
		block_unref(old);
		channel->open = channel->open && !(open && block->len == 0);
		if (block->len) {
			channel->blocks[count] = channel->blocks[i];
			channel->blocks[count++].block = block;
		} else {
			block_unref(block);
		}
	}
	member_index_free(&refusal.members);
	channel->sealed =
		refusal.new_position - (channel->open ? channel->blocks[count - 1].block->len : 0);
	channel->block_count = count;
	channel->channels->pending_bytes -= (channel->pending_count - refusal.kept) * PENDING_BYTES;
	channel->pending_count = refusal.kept;
}

void
channels_refuse(struct channels *channels, uint64_t ticket)
{
	struct channel *channel;

	for (channel = channels->waiting; channel; channel = channel->next_waiting)
		channel_refuse(channel, ticket);
	for (channel = channels->dirty; channel; channel = channel->next_dirty)
		if (channel->next_waiting == channel)
			channel_refuse(channel, ticket);
	channels->durable = ticket; /* no message waits for it any more */
}
