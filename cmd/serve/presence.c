/* Who is there: joining, leaving, and the moment of grace in between. */
#include "serve/presence.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "buf.h"
#include "serve/room.h"

#define USER_DATA_BYTES \
	((size_t)256 << 10) /* of the users in a userData: each newcomer gets one \
			     */

/* ---- leaving ---- */

/* Whether single joins and leaves are announced: in a crowd each would cost everybody a message. */
static bool
room_is_crowd(const struct room *room)
{
	return room->count > room->rooms->limits.crowd;
}

/* The grace is as long for everybody: the list is in the order of the due times. */
static void
user_set_out(struct room *room, struct user *user)
{
	struct rooms *rooms = room->rooms;
	struct leaver *leaver = chat_alloc_zeroed(1, sizeof(*leaver));

	leaver->room = room;
	leaver->user = user;
	leaver->due_ms = clock_now_ms(rooms->clock) + rooms->limits.grace_ms;
	user->leaver = leaver;
	DL_APPEND(rooms->leavers, leaver);
}

static void
user_turn_back(struct rooms *rooms, struct user *user)
{
	if (!user->leaver)
		return;
	DL_DELETE(rooms->leavers, user->leaver);
	free(user->leaver);
	user->leaver = NULL;
}

static void
user_depart(struct room *room, struct user *user)
{
	user_turn_back(room->rooms, user);
	if (user->present) {
		roster_hide(&room->roster, user);
		if (!room_is_crowd(room))
			room_announce(room, user, false);
	}
	if (!user->conns && !user->reserved)
		roster_remove(&room->roster, user);
}

void
room_leave(struct member *member)
{
	struct room *room = member->room;
	struct user *user = member->user;

	if (!room)
		return;
	member->room = NULL;
	DL_DELETE(room->members, member);
	room->count--;
	user->conns--;
	if (!member->hidden)
		user->shown--;
	if (user->shown == 0 && user->present && room->rooms->limits.grace_ms > 0) {
		if (!user->leaver)
			user_set_out(room, user);
	} else if (user->shown == 0) {
		user_depart(room, user);
	}
	room_forget(room);
}

void
room_clear(struct room *room)
{
	struct user *user;

	while ((user = roster_any(&room->roster))) {
		user_turn_back(room->rooms, user);
		roster_remove(&room->roster, user);
	}
}

void
rooms_sweep(struct rooms *rooms)
{
	while (rooms->leavers && rooms->leavers->due_ms <= clock_now_ms(rooms->clock)) {
		struct room *room = rooms->leavers->room;

		user_depart(room, rooms->leavers->user);
		room_forget(room);
	}
	nonces_expire(&rooms->nonces, clock_now_ms(rooms->clock));
}

/* ---- joining ---- */

/* A name or id that only somebody leaving holds is free: the grace is for the user's own return. */
static void
room_release(struct room *room, struct user *user)
{
	if (user && user->leaver && !user->conns)
		user_depart(room, user);
}

static struct user *
room_claim(struct room *room, const struct room_join *join, struct chat_err *err)
{
	struct user *user = roster_claim(&room->roster, join->id, join->name, NULL);

	if (user)
		return user;
	room_release(room, roster_find_id(&room->roster, join->id));
	room_release(room, roster_find_name(&room->roster, join->name));
	return roster_claim(&room->roster, join->id, join->name, err);
}

/*
 * The number of the newest message that one who saw this id has seen. false: nothing is known of
 * the id, so that messages may be missing.
 */
static bool
since_number(const struct rooms *rooms, struct chat_span since, uint64_t *number)
{
	uint64_t epoch;
	bool known;

	*number = 0;
	if (!message_id_read(since, &epoch, number))
		return false;
	if (epoch == rooms->epoch)
		return true;
	if (epoch > rooms->epoch) {
		*number = 0;
		return false;
	}
	*number = epochs_find(&rooms->past, epoch, *number, &known);
	return known;
}

bool
room_past_is_far(const struct room *room, struct chat_span since, struct journal_read *read)
{
	const struct history *history = &room->history;
	const struct rooms *rooms = room->rooms;
	uint64_t epoch, number;

	if (!rooms->journal->kind->read || !since.at || !message_id_read(since, &epoch, &number))
		return false;
	since_number(rooms, since, &number);
	if (number >= history->forgotten || history->count >= RESUME_MESSAGES ||
		history->bytes >= RESUME_BYTES)
		return false;
	memcpy(read->channel, room->channel, room->channel_len);
	read->channel[room->channel_len] = '\0';
	read->after = number;
	read->upto = history->forgotten;
	read->max_messages = RESUME_MESSAGES - history->count;
	read->max_bytes = RESUME_BYTES - history->bytes;
	return true;
}

/* The journal's part and the memory's are one past. */
static struct block *
room_whole_past(struct room *room, const struct room_join *join)
{
	const struct history *history = &room->history;
	struct history_replay replay = {
		.count = RESUME_MESSAGES,
		.max_bytes = RESUME_BYTES,
		.resumed = true,
	};
	uint64_t number;

	for (uint32_t i = history_after(history, join->past_upto); i < history->count; i++)
		history_add(join->past, history_at(history, i));
	replay.complete = since_number(room->rooms, join->since, &number) && join->past_complete &&
		history->forgotten <= join->past_upto;
	return history_replay(join->past, &replay);
}

static struct block *
room_past(struct room *room, const struct room_join *join)
{
	const struct rooms_limits *limits = &room->rooms->limits;
	struct history_replay replay = {
		.count = limits->history_replay,
		.max_bytes = limits->history_replay_bytes,
		.resumed = join->since.at != NULL,
	};
	uint64_t number;

	if (join->past)
		return room_whole_past(room, join);
	if (replay.resumed) {
		replay.count = RESUME_MESSAGES;
		replay.max_bytes = RESUME_BYTES;
		replay.complete = since_number(room->rooms, join->since, &number) &&
			number >= room->history.forgotten;
		replay.first = history_after(&room->history, number);
	}
	return history_replay(&room->history, &replay);
}

static void
member_send(struct member *member, struct block *block)
{
	conn_spare(member->conn, block->len);
	conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

static void
user_arrive(struct room *room, struct member *member)
{
	struct user *user = member->user;

	user_turn_back(room->rooms, user);
	user->active_ms = clock_unix_ms(room->rooms->clock);
	if (user->shown++ || user->present)
		return;
	roster_show(&room->roster, user);
	if (!room_is_crowd(room))
		member->skip = room_announce(room, user, true);
}

/* Which memory of nonces this is: it begins with the process, or with the journal it was rebuilt
 * from. */
static uint64_t
rooms_memory(const struct rooms *rooms)
{
	return rooms->past.count ? rooms->past.at[0].epoch : rooms->epoch;
}

int
room_join(struct room *room, struct member *member, const struct room_join *join,
	struct chat_err *err)
{
	const struct rooms_limits *limits = &room->rooms->limits;
	char instance[MESSAGE_ID_EPOCH_LEN + 1];
	struct user *user;

	if (room->count >= limits->members)
		return chat_fail(
			err, CHAT_CHANNEL_FULL, "this channel has no room for another connection");
	user = room_claim(room, join, err);
	if (!user)
		return -1;
	snprintf(instance, sizeof(instance), "%012llx",
		(unsigned long long)rooms_memory(room->rooms));
	member->room = room;
	member->user = user;
	member->hidden = join->hidden;
	member->serial = ++room->rooms->members_made;
	member->skip = MEMBER_SKIPS_NOTHING;
	user->conns++;
	room->count++;
	DL_APPEND(room->members, member);
	if (!join->hidden)
		user_arrive(room, member);
	member_send(member,
		say_user_data(&(struct say_user_data){&room->roster, limits->crowd, USER_DATA_BYTES,
			user, limits->max_message_bytes, {instance, sizeof(instance) - 1}}));
	member_send(member, room_past(room, join));
	return 0;
}
