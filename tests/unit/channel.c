/*
 * A channel without a server: nothing is seen before the journal has stored it, what it cannot
 * store is taken back, a channel without use is freed, and the time for all that grows with the
 * number of members and messages, and no faster.
 */
#include "channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/channel/presence.h"
#include "serve/channel/rollback.h"
#include "slope.h"
#include "tap.h"

static void
test_publish(void)
{
	struct fixture fixture;
	struct member alice = {0}, bob = {0};
	struct conn conn = {0};
	struct channel *channel;

	fixture_open(&fixture, roomy);
	fixture.channels.watcher = (struct watcher){on_event, &fixture};
	channel = find(&fixture, "/publish");
	join(channel, &alice, &conn, "alice", true);
	join(channel, &bob, &conn, "bob", false);
	post(&alice, "\"a\"", "");
	channels_publish(&fixture.channels);
	post(&bob, "\"b\"", "");
	channels_publish(&fixture.channels);
	ok(!*fixture.seen && !channel->history.count,
		"no message is seen before the journal has stored it");
	fixture.channels.durable = 1;
	channels_publish(&fixture.channels);
	is_str(fixture.seen, "userStatus; message 1; ", "then those that it has stored are");
	store(&fixture);
	is_str(fixture.seen, "userStatus; message 1; message 2; ", "and each of them once");
	is_int(channel->history.count, 2, "they are in the history");
	is_int(fixture.channels.pending_bytes, 0, "and nothing is pending");
	channel_leave(&alice);
	channel_leave(&bob);
	fixture_close(&fixture);
}

static void
test_rollback(void)
{
	struct fixture fixture;
	struct member alice = {0}, bob = {0};
	struct conn conn = {0};
	struct channel *channel;

	fixture_open(&fixture, roomy);
	fixture.channels.watcher = (struct watcher){on_event, &fixture};
	channel = find(&fixture, "/rollback");
	join(channel, &alice, &conn, "alice", true);
	post(&alice, "\"a\"", "\"n\"");
	join(channel, &bob, &conn, "bob", false);
	channels_rollback(&fixture.channels, fixture.tickets);
	post(&alice, "\"a\"", "\"n\"");
	is_int(bob.knows, block_frame_size(channel->pending.blocks[0].block->bytes),
		"the announcement of a member has another position");
	store(&fixture);
	is_str(fixture.seen, "userStatus; message 2; ",
		"what the journal cannot store is not seen, and may be posted again");
	is_int(fixture.channels.pending_bytes, 0, "nothing is pending");
	channel_leave(&alice);
	channel_leave(&bob);
	fixture_close(&fixture);
}

static void
test_rollback_of_some(void)
{
	struct fixture fixture;
	struct member alice = {0};
	struct conn conn = {0};

	fixture_open(&fixture, roomy);
	fixture.channels.watcher = (struct watcher){on_event, &fixture};
	join(find(&fixture, "/rollback"), &alice, &conn, "alice", true);
	post(&alice, "\"a\"", "\"n\"");
	fixture.channels.durable = 1; /* the journal has stored it, and the tick has not ended */
	post(&alice, "\"b\"", "\"m\"");
	channels_rollback(&fixture.channels, fixture.tickets);
	channels_publish(&fixture.channels);
	is_str(fixture.seen, "message 1; ", "what is stored stays, and is seen");
	is_str(try_post(&alice, "\"c\"", "\"n\""), "nonce_reused", "so does its nonce");
	is_str(try_post(&alice, "\"c\"", "\"m\""), "", "the other one's is free");
	channel_leave(&alice);
	fixture_close(&fixture);
}

static void
test_nonce(void)
{
	struct fixture fixture;
	struct member alice = {0};
	struct conn conn = {0};

	fixture_open(&fixture, roomy);
	fixture.channels.watcher = (struct watcher){on_event, &fixture};
	join(find(&fixture, "/nonce"), &alice, &conn, "alice", true);
	is_str(try_post(&alice, "\"a\"", "\"n\""), "", "a nonce is used");
	is_str(try_post(&alice, "\"\\u0061\"", "\"n\""), "", "and again, for the same content");
	is_str(try_post(&alice, "\"b\"", "\"n\""), "nonce_reused", "not for another one");
	store(&fixture);
	is_str(try_post(&alice, "\"a\"", "\"n\""), "", "also after it was published");
	is_str(try_post(&alice, "\"b\"", "\"n\""), "nonce_reused", "not for another one");
	store(&fixture);
	is_str(fixture.seen, "message 1; ", "there is one message");
	channel_leave(&alice);
	fixture_close(&fixture);
}

static void
test_rolled_back_and_joined(void)
{
	struct fixture fixture;
	struct member member = {0}, other = {0};
	struct conn conn = {0};
	struct channel *channel;

	fixture_open(&fixture, roomy);
	channel = find(&fixture, "/rollback");
	join(channel, &member, &conn, "alice", true);
	post(&member, "\"a\"", "");
	channels_rollback(&fixture.channels, fixture.tickets);
	channel_leave(&member);
	ok(fixture.channels.dirty == channel && find(&fixture, "/rollback") == channel,
		"a channel whose messages were taken back stays while it is on the list of a tick");
	join(channel, &other, &conn, "bob", true);
	store(&fixture);
	ok(!fixture.channels.dirty && find(&fixture, "/rollback") == channel,
		"and longer if another member has joined");
	channel_leave(&other);
	is_int(fixture.channels.count, 0, "it is freed with the last one");
	fixture_close(&fixture);
}

static void
test_rolled_back_and_left(void)
{
	struct fixture fixture;
	struct member member = {0};
	struct conn conn = {0};

	fixture_open(&fixture, roomy);
	join(find(&fixture, "/rollback"), &member, &conn, "alice", false);
	post(&member, "\"a\"", "n");
	channels_rollback(&fixture.channels, fixture.tickets);
	channel_leave(&member);
	store(&fixture);
	ok(fixture.channels.count == 0 && !fixture.channels.dirty &&
			!fixture.channels.nonces.by_key,
		"otherwise the end of the tick frees it, and its nonces");
	fixture_close(&fixture);
}

/* ---- how long it takes ---- */

/* So many members of one channel, whose names are numbers. */
struct crowd {
	struct fixture fixture;
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
	fixture_open(&crowd->fixture, limits);
	crowd->channel = find(&crowd->fixture, "/crowd");
	crowd->members = calloc(count, sizeof(*crowd->members));
	for (; crowd->count < count; crowd->count++) {
		sprintf(name, "user-%u", crowd->count);
		join(crowd->channel, &crowd->members[crowd->count], &crowd->conn, name, hidden);
	}
}

static void
crowd_close(struct crowd *crowd)
{
	fixture_close(&crowd->fixture);
	free(crowd->members);
}

static void
crowd_post(struct crowd *crowd)
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

/* In a crowd users are not announced: their announcements would take most of the time. */
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
	store(&crowd.fixture);
	begun = cpu_s();
	crowd_leave(&crowd);
	while (crowd.fixture.channels.leavers.first->prev->due_ms >
		clock_now_ms(&crowd.fixture.clock))
		uv_update_time(&crowd.fixture.loop);
	channels_end_graces(&crowd.fixture.channels);
	store(&crowd.fixture);
	begun = cpu_s() - begun;
	if (crowd.fixture.channels.count || crowd.fixture.channels.leavers.first)
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
	crowd_post(&crowd);
	begun = cpu_s();
	crowd_leave(&crowd);
	begun = cpu_s() - begun;
	crowd_close(&crowd);
	return begun;
}

static double
work_post_again(unsigned count)
{
	struct crowd crowd;
	double begun;

	crowd_open(&crowd, crowded, count, false);
	crowd_post(&crowd);
	begun = cpu_s();
	crowd_post(&crowd);
	begun = cpu_s() - begun;
	if (crowd.channel->pending.message_count != count)
		abort();
	crowd_close(&crowd);
	return begun;
}

/* All post the same content with one nonce, as a user with so many connections. */
static double
work_post_same(unsigned count)
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
work_rollback(unsigned count)
{
	struct crowd crowd;
	struct member visitor = {0};
	double begun;

	crowd_open(&crowd, roomy, count, true);
	for (unsigned i = 0; i < count; i++) {
		join(crowd.channel, &visitor, &crowd.conn, "visitor", false);
		channel_leave(&visitor);
	}
	crowd_post(&crowd);
	begun = cpu_s();
	channels_rollback(&crowd.fixture.channels, crowd.fixture.tickets);
	begun = cpu_s() - begun;
	if (crowd.channel->pending.message_count || !crowd.channel->pending.block_count)
		abort();
	crowd_close(&crowd);
	return begun;
}

/* Ticks in which the journal stores nothing, and a member joins, posts and leaves. */
static double
work_ticks(unsigned count)
{
	struct channels_limits limits = roomy;
	struct fixture fixture;
	struct channel *channel;
	struct member member = {0};
	struct conn conn = {0};
	double begun;

	fixture_open(&fixture, limits);
	channel = find(&fixture, "/");
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(channel, &member, &conn, "name", false);
		post(&member, "\"a\"", "");
		channel_leave(&member);
		channels_publish(&fixture.channels);
	}
	store(&fixture);
	begun = cpu_s() - begun;
	fixture_close(&fixture);
	return begun;
}

/* So many channels wait for the journal, while another channel has as many ticks. */
static double
work_waiting(unsigned count)
{
	struct fixture fixture;
	struct member member = {0};
	struct conn conn = {0};
	char channel[20];
	double begun;

	fixture_open(&fixture, roomy);
	for (unsigned i = 0; i < count; i++) {
		sprintf(channel, "/%u", i);
		join(find(&fixture, channel), &member, &conn, "name", true);
		post(&member, "\"a\"", "");
		channel_leave(&member);
	}
	channels_publish(&fixture.channels);
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		join(find(&fixture, "/"), &member, &conn, "name", true);
		post(&member, "\"a\"", "");
		channel_leave(&member);
		channels_publish(&fixture.channels);
	}
	store(&fixture);
	begun = cpu_s() - begun;
	fixture_close(&fixture);
	return begun;
}

/* So many channels fill the memory for histories, and each posts more than fits into its part. */
static double
work_histories(unsigned count)
{
	struct channels_limits limits = roomy;
	struct fixture fixture;
	struct member *members = calloc(count, sizeof(*members));
	struct conn conn = {0};
	char channel[20];
	double begun;

	limits.history_bytes = 2000 * (size_t)count;
	fixture_open(&fixture, limits);
	for (unsigned i = 0; i < count; i++) {
		sprintf(channel, "/%u", i);
		join(find(&fixture, channel), &members[i], &conn, "name", true);
	}
	begun = cpu_s();
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < count; i++)
			post(&members[i], "\"a\"", "");
		store(&fixture);
	}
	begun = cpu_s() - begun;
	if (channels_history_bytes(&fixture.channels) > limits.history_bytes)
		abort();
	fixture_close(&fixture);
	free(members);
	return begun / 20;
}

static void
test_slopes(void)
{
	is_linear(work_leave, 10000, "100,000 users leave, and are offline after their grace time");
	is_linear(work_leave_pending, 10000, "100,000 leave while their messages are pending");
	is_linear(work_post_again, 10000, "100,000 pending messages are posted again");
	is_linear(work_post_same, 10000, "100,000 connections post one pending message");
	is_linear(work_rollback, 10000,
		"100,000 messages are taken back among as many announcements");
	is_linear(work_ticks, 10000, "100,000 ticks pass before the journal stores anything");
	is_linear(work_waiting, 10000, "100,000 channels wait, while one goes on");
	is_linear(work_histories, 1000, "10,000 channels share the memory for histories");
}

int
main(void)
{
	test_publish();
	test_rollback();
	test_rollback_of_some();
	test_nonce();
	test_rolled_back_and_joined();
	test_rolled_back_and_left();
	test_slopes();
	return done();
}
