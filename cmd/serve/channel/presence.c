/* Who is there: joining, leaving, and the moment of grace in between. */
#include "serve/channel/presence.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/since.h"

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
	rooms->leaver_count++;
}

static void
user_turn_back(struct rooms *rooms, struct user *user)
{
	if (!user->leaver)
		return;
	DL_DELETE(rooms->leavers, user->leaver);
	rooms->leaver_count--;
	free(user->leaver);
	user->leaver = NULL;
}

static void
user_depart(struct room *room, struct user *user)
{
	user_turn_back(room->rooms, user);
	if (user->present) {
		roster_hide(&room->roster, user);
		room->changes++;
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
	room->live -= !member->past;
	member->past = NULL;
	room->count--;
	room->crowded = room->crowded && room_is_crowd(room);
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

/* Whether there is one whose grace is over, or cut short because so many are leaving. */
static bool
rooms_leaver_is_due(const struct rooms *rooms)
{
	return rooms->leavers &&
		(rooms->leavers->due_ms <= clock_now_ms(rooms->clock) ||
			rooms->leaver_count > rooms->limits.leavers);
}

void
rooms_sweep(struct rooms *rooms)
{
	while (rooms_leaver_is_due(rooms)) {
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

static void
user_arrive(struct room *room, struct member *member)
{
	struct user *user = member->user;

	user_turn_back(room->rooms, user);
	user->active_ms = clock_unix_ms(room->rooms->clock);
	if (user->shown++ || user->present)
		return;
	roster_show(&room->roster, user);
	room->changes++;
	if (!room_is_crowd(room))
		member->skip = room_announce(room, user, true);
	else if (!room->crowded)
		member->skip = room_announce_crowd(room);
	room->crowded = room_is_crowd(room);
}

/* Which memory of nonces this is: it begins with the process, or with the journal it was rebuilt
 * from. */
static uint64_t
rooms_memory(const struct rooms *rooms)
{
	return rooms->past.count ? rooms->past.at[0].epoch : rooms->epoch;
}

/* about_server: with what a newcomer, or a log, is told of it; you: who that is, or NULL; since:
 * what it may ask for later. */
static struct block *
say_users(const struct rooms *rooms, const struct roster *roster, bool about_server,
	const struct user *you, struct chat_span channel, struct chat_span since)
{
	char instance[MESSAGE_ID_EPOCH_LEN + 1], origin[CHAT_WORD_MAX + 1];
	int len;

	snprintf(instance, sizeof(instance), "%012llx", (unsigned long long)rooms_memory(rooms));
	len = snprintf(origin, sizeof(origin), "%0*llx%.*s", MESSAGE_ID_EPOCH_LEN,
		(unsigned long long)rooms->epoch, (int)channel.len, channel.at);
	return say_user_data(&(struct say_user_data){
		.roster = roster,
		.most = rooms->limits.crowd,
		.most_bytes = USER_DATA_BYTES,
		.you = you,
		.max_message_bytes = rooms->limits.max_message_bytes,
		.history = rooms->limits.history_replay,
		.instance = {instance, about_server ? sizeof(instance) - 1 : 0},
		.since = since,
		.origin = {origin, channel.len ? (size_t)len : 0},
	});
}

struct block *
room_users(struct room *room, const struct member *newcomer)
{
	char since[MESSAGE_ID_LEN + 1];

	room_present(room, since);
	return say_users(room->rooms, &room->roster, newcomer != NULL,
		newcomer ? newcomer->user : NULL, room_channel(room), chat_span_of(since));
}

void
rooms_introduce(const struct rooms *rooms)
{
	const struct watcher *watcher = &rooms->watcher;
	struct roster nobody = {0};
	struct block *block;

	if (!watcher->saw)
		return;
	block = say_users(rooms, &nobody, true, NULL, (struct chat_span){0}, (struct chat_span){0});
	watcher->saw(watcher->arg, block_frame_payload(block->bytes));
	block_unref(block);
}

int
room_join(struct room *room, struct member *member, const struct room_join *join,
	struct chat_err *err)
{
	struct user *user;

	if (room->count >= room->rooms->limits.members)
		return chat_fail(
			err, CHAT_CHANNEL_FULL, "this channel has no room for another connection");
	user = room_claim(room, join, err);
	if (!user)
		return -1;
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
	member_tell(member, room_users(room, member));
	return 0;
}
