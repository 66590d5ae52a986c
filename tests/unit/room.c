/* A channel without a server around it: what is kept, refused, forgotten, and how long that takes.
 */
#include "serve/room.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

/* A journal that keeps what it is told to: rooms->durable is set by hand. */
static uint64_t
append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	uint64_t *tickets = journal->arg;

	(void)line;
	(void)text;
	return ++*tickets;
}

static const struct journal_kind kind_by_hand = {.name = "by hand", .append = append};

/* Rooms, and what they stand on. Connections are closed ones: what is sent to them is nothing. */
struct house {
	uv_loop_t loop;
	struct clock clock;
	struct journal journal;
	uint64_t tickets;
	struct rooms rooms;
};

static void
house_open(struct house *house, struct rooms_limits limits)
{
	memset(house, 0, sizeof(*house));
	uv_loop_init(&house->loop);
	house->clock.loop = &house->loop;
	house->journal = (struct journal){.kind = &kind_by_hand, .arg = &house->tickets};
	rooms_init(&house->rooms, &limits, &house->clock, 1);
	house->rooms.journal = &house->journal;
	house->rooms.nonces.most = 1000000;
	house->rooms.nonces.most_bytes = 1 << 30;
}

static void
house_close(struct house *house)
{
	rooms_free(&house->rooms);
	uv_loop_close(&house->loop);
}

static const struct rooms_limits roomy = {
	.channels = 1000000,
	.members = 1000000,
	.crowd = 1000000,
	.history_keep = 1000,
	.history_bytes = 1 << 30,
};

static struct room *
find(struct house *house, const char *channel)
{
	return rooms_find(&house->rooms, chat_span_of(channel), NULL);
}

static void
join(struct room *room, struct member *member, struct conn *conn, const char *name, bool hidden)
{
	struct room_join how = {
		.id = chat_span_of(name), .name = chat_span_of(name), .hidden = hidden};

	member->conn = conn;
	ok(room_join(room, member, &how, NULL) == 0, "%s joins %s", name, room->channel);
}

static void
say(struct member *member, const char *json, const char *nonce)
{
	struct room_say what = {
		.user = member->user,
		.member = member,
		.content_json = chat_span_of(json),
		.nonce_json = chat_span_of(nonce),
		.nonce = chat_span_of(nonce),
	};

	room_say(member->room, &what);
}

/* What waits is kept. */
static void
keep(struct house *house)
{
	house->rooms.durable = house->tickets;
	rooms_publish(&house->rooms);
}

static void
test_refused_and_left(void)
{
	struct house house;
	struct member member = {0}, other = {0};
	struct conn conn = {0};
	struct room *room;

	house_open(&house, roomy);
	room = find(&house, "/refused");
	join(room, &member, &conn, "alice", true);
	say(&member, "\"a\"", "");
	rooms_refuse(&house.rooms, house.tickets);
	room_leave(&member);
	ok(house.rooms.dirty == room && find(&house, "/refused") == room,
		"a room whose messages were refused stays while it is on the list of a turn");
	join(room, &other, &conn, "bob", true);
	keep(&house);
	ok(!house.rooms.dirty && find(&house, "/refused") == room,
		"and longer where somebody came meanwhile");
	room_leave(&other);
	is_int(house.rooms.count, 0, "it is forgotten with the last one");
	house_close(&house);
}

static void
test_refused_and_left_alone(void)
{
	struct house house;
	struct member member = {0};
	struct conn conn = {0};

	house_open(&house, roomy);
	join(find(&house, "/refused"), &member, &conn, "alice", false);
	say(&member, "\"a\"", "n");
	rooms_refuse(&house.rooms, house.tickets);
	room_leave(&member);
	keep(&house);
	ok(house.rooms.count == 0 && !house.rooms.dirty && house.rooms.nonces.count == 0,
		"otherwise the end of the turn forgets it, and its nonces");
	house_close(&house);
}

int
main(void)
{
	test_refused_and_left();
	test_refused_and_left_alone();
	return done();
}
