/* A channel without a server around it: what is kept, refused, forgotten, and how long that takes.
 */
#include "serve/channel/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/channel/join.h"
#include "serve/channel/post.h"
#include "serve/channel/presence.h"
#include "serve/channel/publish.h"
#include "serve/channel/rollback.h"
#include "slope.h"
#include "tap.h"

/* A journal that keeps what it is told to: channels->durable is set by hand. */
static uint64_t
append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	uint64_t *tickets = journal->arg;

	(void)line;
	(void)text;
	return ++*tickets;
}

static const struct journal_kind kind_by_hand = {.name = "by hand", .append = append};

/* Channels, and what they stand on. Connections are closed ones: what is sent to them is nothing.
 */
struct house {
	uv_loop_t loop;
	struct clock clock;
	struct journal journal;
	uint64_t tickets;
	struct channels channels;
};

static void
house_open(struct house *house, struct channels_limits limits)
{
	memset(house, 0, sizeof(*house));
	uv_loop_init(&house->loop);
	house->clock.loop = &house->loop;
	house->journal = (struct journal){.kind = &kind_by_hand, .arg = &house->tickets};
	channels_init(&house->channels, &limits, &house->clock, 1);
	house->channels.journal = &house->journal;
	house->channels.nonces.most = 1000000;
	house->channels.nonces.most_bytes = 1 << 30;
}

static void
house_close(struct house *house)
{
	channels_free(&house->channels);
	uv_loop_close(&house->loop);
}

static const struct channels_limits roomy = {
	.channels = 1000000,
	.members = 1000000,
	.leavers = 1000000,
	.crowd = 1000000,
	.history_keep = 1000,
	.history_bytes = 1 << 30,
};

static struct channel *
find(struct house *house, const char *channel)
{
	const struct claimant nobody = {.key = 0};

	return channels_find(&house->channels, chat_span_of(channel), &nobody, NULL);
}

static void
join(struct channel *channel, struct member *member, struct conn *conn, const char *name,
	bool hidden)
{
	struct channel_join how = {
		.id = chat_span_of(name), .name = chat_span_of(name), .hidden = hidden};

	member->conn = conn;
	if (channel_join(channel, member, &how, NULL) < 0)
		abort();
}

static void
post(struct member *member, const char *json, const char *nonce)
{
	struct channel_post what = {
		.user = member->user,
		.member = member,
		.content_json = chat_span_of(json),
		.nonce_json = chat_span_of(nonce),
		.nonce = chat_span_of(nonce),
	};

	if (channel_post(member->channel, &what, NULL) < 0)
		abort();
}

/* What waits is kept. */
static void
keep(struct house *house)
{
	house->channels.durable = house->tickets;
	channels_publish(&house->channels);
}

static void
test_refused_and_left(void)
{
	struct house house;
	struct member member = {0}, other = {0};
	struct conn conn = {0};
	struct channel *channel;

	house_open(&house, roomy);
	channel = find(&house, "/refused");
	join(channel, &member, &conn, "alice", true);
	post(&member, "\"a\"", "");
	channels_rollback(&house.channels, house.tickets);
	channel_leave(&member);
	ok(house.channels.dirty == channel && find(&house, "/refused") == channel,
		"a room whose messages were refused stays while it is on the list of a turn");
	join(channel, &other, &conn, "bob", true);
	keep(&house);
	ok(!house.channels.dirty && find(&house, "/refused") == channel,
		"and longer where somebody came meanwhile");
	channel_leave(&other);
	is_int(house.channels.count, 0, "it is forgotten with the last one");
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
	post(&member, "\"a\"", "n");
	channels_rollback(&house.channels, house.tickets);
	channel_leave(&member);
	keep(&house);
	ok(house.channels.count == 0 && !house.channels.dirty && !house.channels.nonces.by_key,
		"otherwise the end of the turn forgets it, and its nonces");
	house_close(&house);
}

/* ---- how long it takes ---- */

/* So many members of one channel, whose names are numbers. */
struct crowd {
	struct house house;
	struct channel *channel;
	struct member *members;
	struct conn conn; /* of all of them */
	unsigned count;
};

static void
crowd_open(struct crowd *crowd, struct channels_limits limits, unsigned count, bool hidden)
{
	char name[20];

	memset(crowd, 0, sizeof(*crowd));
	house_open(&crowd->house, limits);
	crowd->channel = find(&crowd->house, "/crowd");
	crowd->members = calloc(count, sizeof(*crowd->members));
	for (; crowd->count < count; crowd->count++) {
		sprintf(name, "user-%u", crowd->count);
		join(crowd->channel, &crowd->members[crowd->count], &crowd->conn, name, hidden);
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
		post(&crowd->members[i], "\"a\"", nonce);
	}
}

static void
crowd_leave(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->count; i++)
		channel_leave(&crowd->members[i]);
}

/* In a crowd no arrival is announced: that it costs what it costs is another matter. */
static const struct channels_limits crowded = {
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
	while (crowd.house.channels.leavers.first->prev->due_ms > clock_now_ms(&crowd.house.clock))
		uv_update_time(&crowd.house.loop);
	channels_sweep(&crowd.house.channels);
	keep(&crowd.house);
	begun = cpu_s() - begun;
	if (crowd.house.channels.count || crowd.house.channels.leavers.first)
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
	if (crowd.channel->pending.message_count != count)
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
		post(&crowd.members[i], "\"a\"", "\"n\"");
	}
	begun = cpu_s() - begun;
	if (crowd.channel->pending.message_count != 1)
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
		join(crowd.channel, &visitor, &crowd.conn, "visitor", false);
		channel_leave(&visitor);
	}
	crowd_say(&crowd);
	begun = cpu_s();
	channels_rollback(&crowd.house.channels, crowd.house.tickets);
	begun = cpu_s() - begun;
	if (crowd.channel->pending.message_count || !crowd.channel->pending.block_count)
		abort();
	crowd_close(&crowd);
	return begun;
}

/* Turns in which the journal keeps nothing, and somebody comes and goes in each. */
static double
work_turns(unsigned count)
{
	struct channels_limits limits = roomy;
	struct house house;
	struct channel *channel;
	struct member member = {0};
	struct conn conn = {0};
	double begun;

	house_open(&house, limits);
	channel = find(&house, "/");
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(channel, &member, &conn, "name", false);
		post(&member, "\"a\"", "");
		channel_leave(&member);
		channels_publish(&house.channels);
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
		post(&member, "\"a\"", "");
		channel_leave(&member);
	}
	channels_publish(&house.channels);
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(find(&house, "/"), &member, &conn, "name", true);
		post(&member, "\"a\"", "");
		channel_leave(&member);
		channels_publish(&house.channels);
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
	struct channels_limits limits = roomy;
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
			post(&members[i], "\"a\"", "");
		keep(&house);
	}
	begun = cpu_s() - begun;
	if (channels_history_bytes(&house.channels) > limits.history_bytes)
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
