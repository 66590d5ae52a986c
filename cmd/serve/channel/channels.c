/*
 * All channels: found, made, forgotten; and what each of them remembers. Both are bounded for all
 * together, and so that nobody leaves nothing to others (makers.h, share.h).
 */
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/since.h"

/* ---- history ---- */

/* Its part of the memory is what its history takes by now. */
static void
room_account(struct room *room)
{
	struct rooms *rooms = room->rooms;
	struct shares *shares = room->holding.idle ? &rooms->idle_history : &rooms->history;
	size_t bytes = room->history.bytes, before = room->share.amount;

	if (bytes > before)
		shares_add(shares, &room->share, bytes - before);
	else
		shares_take(shares, &room->share, before - bytes);
}

static struct room *
room_of_share(struct share *share)
{
	return (struct room *)((char *)share - offsetof(struct room, share));
}

/*
 * The room that has to forget something: one of those that remember most. All idle ones together
 * keep half of the memory where those in use want more, and the other way round.
 */
static struct room *
rooms_richest(const struct rooms *rooms)
{
	bool idle = rooms->idle_history.amount > rooms->limits.history_bytes / 2;
	struct share *share = shares_largest(idle ? &rooms->idle_history : &rooms->history);

	if (!share)
		share = shares_largest(idle ? &rooms->history : &rooms->idle_history);
	return share ? room_of_share(share) : NULL;
}

static void
rooms_fit_history(struct rooms *rooms, size_t most_bytes)
{
	struct room *room;

	while (rooms_history_bytes(rooms) > most_bytes && (room = rooms_richest(rooms))) {
		history_forget(&room->history);
		room_account(room);
		if (room->holding.idle)
			room_forget(room);
	}
}

static void
room_fit_history(struct room *room)
{
	const struct rooms_limits *limits = &room->rooms->limits;
	uint32_t keep = limits->history_keep + (room->readers ? PAST_TAIL_MESSAGES : 0);

	while (room->history.count > keep)
		history_forget(&room->history);
	room_account(room);
	rooms_fit_history(
		room->rooms, limits->history_bytes + (room->readers ? PAST_TAIL_BYTES : 0));
}

void
room_remember(struct room *room, const struct entry *entry)
{
	history_add(&room->history, entry);
	room_fit_history(room);
}

void
room_recall(struct room *room, struct history *found, uint64_t forgotten, uint64_t removed)
{
	const struct history *history = &room->history;

	if (!found->count || history->forgotten != forgotten ||
		(history->count &&
			history_at(history, 0)->number <=
				history_at(found, found->count - 1)->number)) {
		history_free(found);
		return;
	}
	room->gap = history_at(found, found->count - 1)->number;
	if (room->gap > removed)
		room->gap = removed;
	found->forgotten = history_at(found, 0)->number - 1;
	for (uint32_t i = 0; i < room->history.count; i++)
		history_add(found, history_at(&room->history, i));
	history_free(&room->history);
	room->history = *found;
	room_fit_history(room);
}

/* ---- rooms ---- */

void
rooms_init(
	struct rooms *rooms, const struct rooms_limits *limits, struct clock *clock, uint64_t epoch)
{
	*rooms = (struct rooms){.limits = *limits, .clock = clock, .epoch = epoch};
}

static struct room *
room_new(struct rooms *rooms, struct chat_span channel)
{
	struct room *room = chat_alloc_zeroed(1, sizeof(*room));

	room->rooms = rooms;
	room->number = ++rooms->rooms_made;
	room->next_dirty = room->next_waiting = room;
	room->history.forgotten = rooms->forgotten;
	room->timestamp_ms = rooms->timestamp_ms;
	room->channel_len = (uint16_t)channel.len;
	memcpy(room->channel, channel.at, channel.len);
	HASH_ADD_KEYPTR(hh, rooms->by_channel, room->channel, room->channel_len, room);
	rooms->count++;
	return room;
}

static void
room_free(struct room *room)
{
	struct rooms *rooms = room->rooms;

	HASH_DEL(rooms->by_channel, room);
	rooms->count--;
	history_free(&room->history);
	room_account(room);
	makers_drop(&rooms->makers, &room->holding);
	if (rooms->timestamp_ms < room->timestamp_ms)
		rooms->timestamp_ms = room->timestamp_ms; /* it may be made again */
	if (rooms->forgotten < room->history.forgotten)
		rooms->forgotten = room->history.forgotten;
	while (room->block_count) {
		rooms->pending_bytes -= room->blocks[--room->block_count].block->len;
		block_unref(room->blocks[room->block_count].block);
	}
	rooms->pending_bytes -= room->pending_count * PENDING_BYTES;
	free(room->blocks);
	free(room->pending);
	room_clear(room);
	free(room);
}

/* It is in use by this one; NULL: it is idle. Its history then counts with others. */
static void
room_move(struct room *room, const struct asker *asker)
{
	struct rooms *rooms = room->rooms;
	struct shares *from = room->holding.idle ? &rooms->idle_history : &rooms->history;

	shares_take(from, &room->share, room->share.amount);
	if (asker)
		makers_use(&rooms->makers, &room->holding, asker);
	else
		makers_rest(&rooms->makers, &room->holding);
	room_account(room);
}

/* Nobody is in it, or on the way to or from it, and nothing of it is under way. */
static bool
room_is_empty(const struct room *room)
{
	return room->next_dirty == room && room->next_waiting == room && !room->block_count &&
		!room->count && !room->visitors && !room->readers && !room->roster.present;
}

void
room_forget(struct room *room)
{
	if (!room_is_empty(room))
		return;
	if (!room->history.count)
		room_free(room);
	else if (!room->holding.idle)
		room_move(room, NULL);
}

/* For another one; false: all are in use. */
static bool
rooms_make_place(struct rooms *rooms)
{
	struct holding *oldest;

	if (rooms->count < rooms->limits.channels)
		return true;
	oldest = makers_oldest(&rooms->makers);
	if (oldest)
		room_free((struct room *)((char *)oldest - offsetof(struct room, holding)));
	return oldest != NULL;
}

bool
rooms_have(const struct rooms *rooms, struct chat_span channel)
{
	struct room *room = NULL;

	HASH_FIND(hh, rooms->by_channel, channel.at, channel.len, room);
	return room != NULL;
}

struct room *
rooms_find(struct rooms *rooms, struct chat_span channel, const struct asker *asker,
	struct chat_err *err)
{
	struct room *room = NULL;

	HASH_FIND(hh, rooms->by_channel, channel.at, channel.len, room);
	if (room && !room->holding.idle)
		return room;
	if (!makers_admit(&rooms->makers, asker, rooms->limits.channels) ||
		(!room && !rooms_make_place(rooms))) {
		chat_fail(err, CHAT_SERVER_FULL, "there are too many channels");
		return NULL;
	}
	if (!room)
		room = room_new(rooms, channel);
	room_move(room, asker);
	return room;
}

void
rooms_free(struct rooms *rooms)
{
	struct room *room, *next;

	HASH_ITER(hh, rooms->by_channel, room, next)
	room_free(room);
	nonces_free(&rooms->nonces);
	pages_free(&rooms->pages);
	epochs_free(&rooms->past);
}
