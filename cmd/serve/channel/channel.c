/*
 * A channel. On the path of a message it is the middle: from `room_say` (a checked message gets its
 * id and time and is encoded once) over the journal to `room_publish` (every member's connection
 * gets the same bytes).
 */
#include "serve/channel/channel.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/channel/member_index.h"
#include "serve/channel/since.h"

#define BLOCK_FULL \
	((uint32_t)1 << 20) /* bytes after which a tick's next message begins another block */
#define PENDING_KEPT 1024 /* places in the list of a room in which nothing is pending */

/* ---- the stream: what is said, until it is published ---- */

/* The block that grows is finished: from now on it stays where it is. */
static void
room_seal(struct room *room)
{
	struct pending_block *last;

	if (!room->open)
		return;
	last = &room->blocks[room->block_count - 1];
	last->block = block_trim(last->block);
	for (uint32_t i = room->pending_count; i-- && !room->pending[i].entry.block;)
		room->pending[i].entry.block = last->block;
	room->sealed += last->block->len;
	room->open = false;
}

/* The block that this tick's frames are appended to. */
static struct pending_block *
room_open_block(struct room *room)
{
	struct pending_block *last;

	if (room->open && room->blocks[room->block_count - 1].block->len < BLOCK_FULL)
		return &room->blocks[room->block_count - 1];
	room_seal(room);
	if (room->block_count == room->block_cap) {
		room->block_cap = room->block_cap ? 2 * room->block_cap : 1;
		room->blocks = chat_realloc(room->blocks, room->block_cap * sizeof(*room->blocks));
	}
	last = &room->blocks[room->block_count++];
	last->block = block_new(512);
	last->ticket = room->rooms->ticket;
	room->open = true;
	if (room->next_dirty == room) {
		room->next_dirty = room->rooms->dirty;
		room->rooms->dirty = room;
	}
	return last;
}

static struct pending *
room_add_pending(struct room *room)
{
	if (room->pending_count == room->pending_cap) {
		room->pending_cap = room->pending_cap ? 2 * room->pending_cap : 4;
		room->pending =
			chat_realloc(room->pending, room->pending_cap * sizeof(*room->pending));
	}
	return &room->pending[room->pending_count++];
}

/* About users, not said by one: the frame at this offset of the open block, which was so long. */
static uint64_t
room_announced(struct room *room, uint32_t at, uint32_t len_before)
{
	room->announced++;
	room->rooms->pending_bytes += room->blocks[room->block_count - 1].block->len - len_before;
	return room->sealed + at;
}

uint64_t
room_announce(struct room *room, const struct user *user, bool online)
{
	struct pending_block *last = room_open_block(room);
	uint32_t at, len = last->block->len;

	last->block = say_user_status(last->block, user, online, room_channel(room), &at);
	return room_announced(room, at, len);
}

uint64_t
room_announce_crowd(struct room *room)
{
	struct pending_block *last = room_open_block(room);
	uint32_t at, len = last->block->len;

	last->block = say_unlisted(last->block, room->roster.present, room_channel(room), &at);
	return room_announced(room, at, len);
}

static uint64_t
sender_of(const struct room_say *say)
{
	return say->member ? say->member->serial : 0;
}

static struct pending *
room_append(struct room *room, const struct room_say *say)
{
	struct rooms *rooms = room->rooms;
	struct pending_block *last = room_open_block(room);
	struct pending *pending = room_add_pending(room);
	uint32_t len = last->block->len;
	char id[MESSAGE_ID_LEN + 1];
	struct say_place place;

	room->timestamp_ms = clock_unix_after_ms(rooms->clock, room->timestamp_ms);
	pending->entry.number = ++rooms->sequence;
	message_id_write(id, rooms->epoch, rooms->sequence);
	last->block = say_message(last->block,
		&(struct say_message){
			.id = {id, MESSAGE_ID_LEN},
			.sender = say->user,
			.content_json = say->content_json,
			.timestamp_ms = room->timestamp_ms,
			.channel = room_channel(room),
			.nonce_json = say->nonce_json,
			.reply_to_json = say->reply_to_json,
			.via_json = say->via_json,
			.hops = say->hops,
			.file_name_json = say->file_name_json,
			.file_type_json = say->file_type_json,
			.file_size_json = say->file_size_json,
			.file_data_json = say->file_data_json,
		},
		&place);
	pending->entry.block = NULL;
	pending->entry.at = place.at;
	pending->entry.data_at = place.data_at;
	pending->entry.data_len = place.data_len;
	pending->nonce = NULL;
	pending->sender = sender_of(say);
	pending->ticket = rooms->ticket = rooms->journal->kind->append(rooms->journal,
		&(struct journal_line){
			.epoch = rooms->epoch,
			.number = rooms->sequence,
			.timestamp_ms = room->timestamp_ms,
			.channel = room_channel(room),
		},
		block_frame_payload(last->block->bytes + place.at));
	last->ticket = rooms->ticket;
	rooms->pending_bytes += last->block->len - len + PENDING_BYTES;
	return pending;
}

/* The number in the id of the message in this frame, which say_message wrote. */
static uint64_t
frame_number(const struct block *block, uint32_t at)
{
	static const char before[] = "{\"type\":\"message\",\"id\":\"";
	struct chat_span text = block_frame_payload(block->bytes + at);
	uint64_t epoch, number = 0;

	message_id_read(
		(struct chat_span){text.at + sizeof(before) - 1, MESSAGE_ID_LEN}, &epoch, &number);
	return number;
}

/* A message of everybody's once more for this member, in its place. */
static void
member_repeat(struct member *member, struct block *block, uint32_t at, uint64_t times)
{
	uint64_t number = member->past ? frame_number(block, at) : 0;

	if (!member_has_passed(member, number)) {
		member_owe(member, number, times);
		return;
	}
	while (times--)
		conn_send_run(member->conn, block, at,
			at + (uint32_t)block_frame_size(block->bytes + at));
}

/* The first message again; where it waits, it will come with everybody's, unless it fails. */
static int
room_say_again(const struct room_say *say, struct nonce *nonce, struct chat_err *err)
{
	uint32_t at;
	struct block *block = nonce_block(nonce, &at);

	if (say->member && member_is_owed_much(say->member))
		return chat_fail(err, CHAT_RATE_LIMITED,
			"too much is said again before its place in the past is reached");
	if (!block)
		nonce_say_again(nonce, sender_of(say));
	else if (say->member)
		member_repeat(say->member, block, at, 1);
	return 0;
}

static struct pending *
room_say_new(struct room *room, const struct room_say *say)
{
	say->user->active_ms = clock_unix_ms(room->rooms->clock);
	room->rooms->messages++;
	return room_append(room, say);
}

/* With a nonce. */
static int
room_say_once(struct room *room, const struct room_say *say, struct chat_err *err)
{
	struct nonces *nonces = &room->rooms->nonces;
	struct chat_span id = {say->user->id, say->user->id_len};
	struct nonce_key key = nonce_key(room_channel(room), id, say->nonce);
	struct nonce *nonce = nonces_find(nonces, key);
	struct nonce_message message = {
		.owner = say->owner,
		.digest = room_say_digest(say),
		.sender = sender_of(say),
	};

	if (!nonce)
		room_say_new(room, say)->nonce = nonces_add(nonces, key, &message);
	else if (nonce_digest(nonce) != message.digest)
		return chat_fail(err, CHAT_NONCE_REUSED, "another message had this nonce");
	else
		return room_say_again(say, nonce, err);
	return 0;
}

int
room_say(struct room *room, const struct room_say *say, struct chat_err *err)
{
	if (say->nonce_json.len)
		return room_say_once(room, say, err);
	room_say_new(room, say);
	return 0;
}

/* ---- publishing ---- */

/* A newcomer does not get its own userStatus: its run is cut in two around that frame. */
static void
member_deliver_around(struct member *member, struct block *block, uint32_t at)
{
	uint32_t end = at + (uint32_t)block_frame_size(block->bytes + at);

	if (at > 0)
		conn_send_run(member->conn, block, 0, at);
	if (end < block->len)
		conn_send_run(member->conn, block, end, block->len);
	member->skip = MEMBER_SKIPS_NOTHING;
}

static void
room_deliver(struct room *room, struct block *block)
{
	struct member *member;

	for (member = room->members; member; member = member->next) {
		if (member->past)
			continue;
		if (member->skip - room->published < block->len)
			member_deliver_around(
				member, block, (uint32_t)(member->skip - room->published));
		else
			conn_send_run(member->conn, block, 0, block->len);
	}
}

static void
room_watch(struct room *room, const struct block *block)
{
	struct watcher *watcher = &room->rooms->watcher;

	for (uint32_t at = 0; watcher->saw && at < block->len;
		at += (uint32_t)block_frame_size(block->bytes + at))
		watcher->saw(watcher->arg, block_frame_payload(block->bytes + at));
}

static void
pending_publish(struct room *room, const struct pending *pending)
{
	struct rooms *rooms = room->rooms;

	room_remember(room, &pending->entry);
	if (pending->nonce)
		nonces_publish(&rooms->nonces, pending->nonce, pending->entry.block,
			pending->entry.at, clock_now_ms(rooms->clock));
}

/* Who said a message several times before it came to everybody gets it as often. */
static void
room_repeat(struct room *room, struct member_index *members, const struct pending *pending)
{
	const struct entry *entry = &pending->entry;

	for (const struct nonce_sender *said = nonce_senders(pending->nonce); said;
		said = said->next) {
		struct member *member =
			said->count > 1 ? member_index_find(members, room, said->sender) : NULL;

		if (member)
			member_repeat(member, entry->block, entry->at, said->count - 1);
	}
}

/*
 * Of these blocks each member gets all at once, perhaps because the disk has taken its time: who
 * keeps up with the channel is not to be dropped for it.
 */
static void
room_spare_members(struct room *room, uint32_t count)
{
	struct member *member;
	size_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += room->blocks[i].block->len;
	if (bytes > BLOCK_FULL)
		for (member = room->members; member; member = member->next)
			conn_spare(member->conn, bytes);
}

static void
room_free_pending(struct room *room)
{
	free(room->pending);
	room->pending = NULL;
	room->pending_cap = 0;
}

/* The first blocks are the journal's now: they go to everybody. */
static void
room_publish(struct room *room, uint32_t count)
{
	struct member_index members = {0};
	uint32_t kept = 0;

	room_spare_members(room, count);
	for (uint32_t i = 0; i < count; i++) {
		struct block *block = room->blocks[i].block;

		room_deliver(room, block);
		room_watch(room, block);
		for (; kept < room->pending_count && room->pending[kept].entry.block == block;
			kept++) {
			if (room->pending[kept].nonce)
				room_repeat(room, &members, &room->pending[kept]);
			pending_publish(room, &room->pending[kept]);
		}
		room->published += block->len;
		room->rooms->pending_bytes -= block->len;
		block_unref(block);
	}
	member_index_free(&members);
	room->rooms->pending_bytes -= kept * PENDING_BYTES;
	room->rooms->deliveries += (uint64_t)kept * room->live;
	room->block_count -= count;
	room->pending_count -= kept;
	memmove(room->blocks, room->blocks + count, room->block_count * sizeof(*room->blocks));
	if (kept)
		memmove(room->pending, room->pending + kept,
			room->pending_count * sizeof(*room->pending));
	if (!room->pending_count && room->pending_cap > PENDING_KEPT)
		room_free_pending(room);
}

/* The tick ends: the open block is finished, and those that were kept are published. */
static void
room_tick(struct room *room)
{
	uint32_t count = 0;

	room_seal(room);
	while (count < room->block_count && room->blocks[count].ticket <= room->rooms->durable)
		count++;
	if (count)
		room_publish(room, count);
}

/* It is on no list, or on the one of those that wait already. */
static void
room_await(struct room *room)
{
	struct rooms *rooms = room->rooms;

	room_tick(room);
	if (room->block_count && room->next_waiting == room) {
		room->next_waiting = rooms->waiting;
		rooms->waiting = room;
	}
	room_forget(room);
}

/* Those that wait are looked at where the journal keeps more than the last time. */
static void
rooms_retry(struct rooms *rooms)
{
	struct room *room = rooms->waiting, *next;

	if (rooms->tried == rooms->durable)
		return;
	rooms->tried = rooms->durable;
	rooms->waiting = NULL;
	for (; room; room = next) {
		next = room->next_waiting;
		room->next_waiting = room;
		room_await(room);
	}
}

void
rooms_publish(struct rooms *rooms)
{
	struct room *room = rooms->dirty, *next;

	rooms->dirty = NULL;
	for (; room; room = next) {
		next = room->next_dirty;
		room->next_dirty = room;
		room_await(room);
	}
	rooms_retry(rooms);
}
