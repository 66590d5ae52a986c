/*
 * What the journal could not keep. Messages and announcements of a room lie in one stream; the
 * messages are taken out, and those newcomers who are to miss an announcement of their own still
 * do.
 */
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/member_index.h"

/* The stream of a room while messages are taken out of it. */
struct refusal {
	struct room *room;
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
	struct member *sender = member_index_find(&refusal->members, refusal->room, serial);
	struct block *block;

	if (!sender)
		return;
	block = say_error(&(struct say_error){
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
	nonces_remove(&refusal->room->rooms->nonces, pending->nonce);
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
	struct room *room = refusal->room;
	struct pending *pending = &room->pending[refusal->next];

	if (refusal->next == room->pending_count || pending->entry.at != at ||
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
	room->pending[refusal->kept++] = *pending;
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
		refusal->room->pending[kept].entry.block = block;
	refusal->old_position += old->len;
	refusal->new_position += block->len;
	return block;
}

static void
room_refuse(struct room *room, uint64_t ticket)
{
	struct refusal refusal = {.room = room, .ticket = ticket, .newcomer = room->members};
	uint32_t count = 0;

	refusal.old_position = refusal.new_position = room->published;
	for (uint32_t i = 0; i < room->block_count; i++) {
		bool open = room->open && i + 1 == room->block_count;
		struct block *old = room->blocks[i].block;
		struct block *block = block_without(&refusal, old, open);

		room->rooms->pending_bytes -= old->len - block->len;
		block_unref(old);
		room->open = room->open && !(open && block->len == 0);
		if (block->len) {
			room->blocks[count] = room->blocks[i];
			room->blocks[count++].block = block;
		} else {
			block_unref(block);
		}
	}
	member_index_free(&refusal.members);
	room->sealed = refusal.new_position - (room->open ? room->blocks[count - 1].block->len : 0);
	room->block_count = count;
	room->rooms->pending_bytes -= (room->pending_count - refusal.kept) * PENDING_BYTES;
	room->pending_count = refusal.kept;
}

void
rooms_refuse(struct rooms *rooms, uint64_t ticket)
{
	struct room *room;

	for (room = rooms->waiting; room; room = room->next_waiting)
		room_refuse(room, ticket);
	for (room = rooms->dirty; room; room = room->next_dirty)
		if (room->next_waiting == room)
			room_refuse(room, ticket);
	rooms->durable = ticket; /* no message waits for it any more */
}
