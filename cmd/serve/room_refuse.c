/*
 * What the journal could not keep. Messages and announcements of a room lie in one stream; the
 * messages are taken out, and those newcomers who are to miss an announcement of their own still
 * do.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/room.h"

/* The stream of a room while messages are taken out of it. */
struct refusal {
	struct room *room;
	uint64_t ticket; /* up to it they go */
	uint32_t next; /* pending to be looked at */
	uint32_t kept; /* pending that stay */
	uint64_t old_position, new_position; /* in the stream, where the block at hand begins */
};

static void
pending_refuse(struct room *room, const struct pending *pending, struct chat_span payload)
{
	struct journal_line line;
	struct block *block;

	if (pending->nonce)
		nonces_remove(&room->rooms->nonces, pending->nonce);
	if (!pending->sender)
		return;
	line.nonce_json.len = 0;
	journal_line_read(&line, payload);
	block = say_error(&(struct say_error){
		.code = CHAT_STORAGE_FAILED,
		.text = "the message cannot be stored now",
		.nonce_json = line.nonce_json,
	});
	conn_send_run(pending->sender->conn, block, 0, block->len);
	block_unref(block);
}

/* A frame has another position now: who was to miss it misses it there. */
static void
members_move(struct room *room, uint64_t from, uint64_t to)
{
	for (struct member *member = room->members; member; member = member->next)
		if (member->skip == from)
			member->skip = to;
}

/* The frame at this offset: whether it stays. A pending message that does is noted as moved. */
static bool
frame_stays(struct refusal *refusal, const struct block *old, uint32_t at, bool open, uint32_t to)
{
	struct room *room = refusal->room;
	struct pending *pending = &room->pending[refusal->next];

	if (refusal->next == room->pending_count || pending->entry.at != at ||
		pending->entry.block != (open ? NULL : old)) {
		members_move(room, refusal->old_position + at, refusal->new_position + to);
		return true;
	}
	refusal->next++;
	if (pending->ticket <= refusal->ticket) {
		pending_refuse(room, pending, block_frame_payload(old->bytes + at));
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
	struct refusal refusal = {.room = room, .ticket = ticket};
	uint32_t count = 0;

	refusal.old_position = refusal.new_position = room->published;
	for (uint32_t i = 0; i < room->block_count; i++) {
		bool open = room->open && i + 1 == room->block_count;
		struct block *old = room->blocks[i].block;
		struct block *block = block_without(&refusal, old, open);

		block_unref(old);
		room->open = room->open && !(open && block->len == 0);
		if (block->len) {
			room->blocks[count] = room->blocks[i];
			room->blocks[count++].block = block;
		} else {
			block_unref(block);
		}
	}
	room->block_count = count;
	room->pending_count = refusal.kept;
}

void
rooms_refuse(struct rooms *rooms, uint64_t ticket)
{
	for (struct room *room = rooms->dirty; room; room = room->next_dirty)
		room_refuse(room, ticket);
	if (rooms->durable < ticket)
		rooms->durable = ticket; /* no message waits for it any more */
}
