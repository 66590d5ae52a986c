/* A channel without a server around it: what is kept, refused, forgotten, and how long that takes.
 */
#include "serve/channel/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
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
	.leavers = 1000000,
	.crowd = 1000000,
	.history_keep = 1000,
	.history_bytes = 1 << 30,
};

static struct room *
find(struct house *house, const char *channel)
{
	const struct asker nobody = {.key = 0};

	return rooms_find(&house->rooms, chat_span_of(channel), &nobody, NULL);
}

static void
join(struct room *room, struct member *member, struct conn *conn, const char *name, bool hidden)
{
	struct room_join how = {
		.id = chat_span_of(name), .name = chat_span_of(name), .hidden = hidden};

	member->conn = conn;
	if (room_join(room, member, &how, NULL) < 0)
		abort();
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

	if (room_say(member->room, &what, NULL) < 0)
		abort();
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
	ok(house.rooms.count == 0 && !house.rooms.dirty && !house.rooms.nonces.by_key,
		"otherwise the end of the turn forgets it, and its nonces");
	house_close(&house);
}

/* ---- how long it takes ---- */

/* So many members of one room, whose names are numbers. */
struct crowd {
	struct house house;
	struct room *room;
	struct member *members;
	struct conn conn; /* of all of them */
	unsigned count;
};

static void
crowd_open(struct crowd *crowd, struct rooms_limits limits, unsigned count, bool hidden)
{
	char name[20];

	memset(crowd, 0, sizeof(*crowd));
	house_open(&crowd->house, limits);
	crowd->room = find(&crowd->house, "/crowd");
	crowd->members = calloc(count, sizeof(*crowd->members));
	for (; crowd->count < count; crowd->count++) {
		sprintf(name, "user-%u", crowd->count);
		join(crowd->room, &crowd->members[crowd->count], &crowd->conn, name, hidden);
	}
}

static void
crowd_close(struct crowd *crowd)
{
	house_close(&crowd->house);
	free(crowd->members);
}

static void
crowd_say(struct crowd *crowd)
{
	char nonce[20];

	for (unsigned i = 0; i < crowd->count; i++) {
		sprintf(nonce, "\"%u\"", i);
		say(&crowd->members[i], "\"a\"", nonce);
	}
}

static void
crowd_leave(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->count; i++)
		room_leave(&crowd->members[i]);
}

/* In a crowd no arrival is announced: that it costs what it costs is another matter. */
static const struct rooms_limits crowded = {
	.channels = 1000000,
	.members = 1000000,
	.leavers = 1000000,
	.crowd = 10,
	.history_keep = 10,
	.history_bytes = 1 << 30,
	.grace_ms = 1,
};

static double
work_leave(unsigned count)
{
	struct crowd crowd;
	double begun;

	crowd_open(&crowd, crowded, count, false);
	keep(&crowd.house);
	begun = cpu_s();
	crowd_leave(&crowd);
	while (crowd.house.rooms.leavers->prev->due_ms > clock_now_ms(&crowd.house.clock))
		uv_update_time(&crowd.house.loop);
	rooms_sweep(&crowd.house.rooms);
	keep(&crowd.house);
	begun = cpu_s() - begun;
	if (crowd.house.rooms.count || crowd.house.rooms.leavers)
		abort();
	crowd_close(&crowd);
	return begun;
}

static double
work_leave_pending(unsigned count)
{
	struct crowd crowd;
	double begun;

	crowd_open(&crowd, crowded, count, false);
	crowd_say(&crowd);
	begun = cpu_s();
	crowd_leave(&crowd);
	begun = cpu_s() - begun;
	crowd_close(&crowd);
	return begun;
}

static double
work_say_again(unsigned count)
{
	struct crowd crowd;
	double begun;

	crowd_open(&crowd, crowded, count, false);
	crowd_say(&crowd);
	begun = cpu_s();
	crowd_say(&crowd);
	begun = cpu_s() - begun;
	if (crowd.room->pending_count != count)
		abort();
	crowd_close(&crowd);
	return begun;
}

/* All say the same thing with one nonce: a user with that many connections. */
static double
work_say_same(unsigned count)
{
	struct crowd crowd;
	double begun;

	crowd_open(&crowd, crowded, count, false);
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		crowd.members[i].user = crowd.members[0].user;
		say(&crowd.members[i], "\"a\"", "\"n\"");
	}
	begun = cpu_s() - begun;
	if (crowd.room->pending_count != 1)
		abort();
	crowd_close(&crowd);
	return begun;
}

static double
work_refuse(unsigned count)
{
	struct crowd crowd;
	struct member visitor = {0};
	double begun;

	crowd_open(&crowd, roomy, count, true);
	for (unsigned i = 0; i < count; i++) {
		join(crowd.room, &visitor, &crowd.conn, "visitor", false);
		room_leave(&visitor);
	}
	crowd_say(&crowd);
	begun = cpu_s();
	rooms_refuse(&crowd.house.rooms, crowd.house.tickets);
	begun = cpu_s() - begun;
	if (crowd.room->pending_count || !crowd.room->block_count)
		abort();
	crowd_close(&crowd);
	return begun;
}

/* Turns in which the journal keeps nothing, and somebody comes and goes in each. */
static double
work_turns(unsigned count)
{
	struct rooms_limits limits = roomy;
	struct house house;
	struct room *room;
	struct member member = {0};
	struct conn conn = {0};
	double begun;

	house_open(&house, limits);
	room = find(&house, "/");
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(room, &member, &conn, "name", false);
		say(&member, "\"a\"", "");
		room_leave(&member);
		rooms_publish(&house.rooms);
	}
	keep(&house);
	begun = cpu_s() - begun;
	house_close(&house);
	return begun;
}

/* As many channels wait for the journal, and the turns go on in another one. */
static double
work_waiting(unsigned count)
{
	struct house house;
	struct member member = {0};
	struct conn conn = {0};
	char channel[20];
	double begun;

	house_open(&house, roomy);
	for (unsigned i = 0; i < count; i++) {
		sprintf(channel, "/%u", i);
		join(find(&house, channel), &member, &conn, "name", true);
		say(&member, "\"a\"", "");
		room_leave(&member);
	}
	rooms_publish(&house.rooms);
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(find(&house, "/"), &member, &conn, "name", true);
		say(&member, "\"a\"", "");
		room_leave(&member);
		rooms_publish(&house.rooms);
	}
	keep(&house);
	begun = cpu_s() - begun;
	house_close(&house);
	return begun;
}

/* As many channels as fit into the memory for histories, each of which says more than its share. */
static double
work_histories(unsigned count)
{
	struct rooms_limits limits = roomy;
	struct house house;
	struct member *members = calloc(count, sizeof(*members));
	struct conn conn = {0};
	char channel[20];
	double begun;

	limits.history_bytes = 2000 * (size_t)count;
	house_open(&house, limits);
	for (unsigned i = 0; i < count; i++) {
		sprintf(channel, "/%u", i);
		join(find(&house, channel), &members[i], &conn, "name", true);
	}
	begun = cpu_s();
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < count; i++)
			say(&members[i], "\"a\"", "");
		keep(&house);
	}
	begun = cpu_s() - begun;
	if (rooms_history_bytes(&house.rooms) > limits.history_bytes)
		abort();
	house_close(&house);
	free(members);
	return begun / 20;
}

static void
test_slopes(void)
{
	is_linear(work_leave, 10000, "100,000 users leave, and are gone after their grace");
	is_linear(work_leave_pending, 10000, "100,000 leave while their messages wait");
	is_linear(work_say_again, 10000, "100,000 messages that wait are said again");
	is_linear(work_say_same, 10000, "100,000 connections say one message that waits");
	is_linear(work_refuse, 10000, "100,000 messages are refused amid as many arrivals");
	is_linear(work_turns, 10000, "100,000 turns go by until the journal keeps anything");
	is_linear(work_waiting, 10000, "100,000 channels wait, and the turns of one go on");
	is_linear(work_histories, 1000, "10,000 channels share the memory for histories");
}

int
main(void)
{
	test_refused_and_left();
	test_refused_and_left_alone();
	test_slopes();
	return done();
}
