/* Proposals of a cluster: one batch on its way in each channel, in order, and none is forgotten. */
#include "serve/cluster/proposals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/cluster/batch.h"
#include "tap.h"
#include "text/buf.h"
#include "text/hash.h"
#include "text/span.h"

/* The newest batch that was published; the log of this test stores nothing. */
struct shared_log {
	uint64_t batch;
	unsigned count;
	struct chat_buf text;
};

void
shared_log_publish(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	log->batch = batch;
	log->count++;
	log->text.len = 0;
	chat_buf_append_span(&log->text, text);
}

static struct user alice = {
	.id = "alice", .id_len = 5, .name_json = "\"alice\"", .name_json_len = 7};

static void
add(struct proposals *proposals, const char *channel, const char *content_json, int64_t now_ms)
{
	struct channel_post post = {.user = &alice, .content_json = chat_span_of(content_json)};

	is_int(proposals_add(proposals, chat_span_of(channel), &post, now_ms, 1000, NULL), 0,
		"added");
}

/* Counts the lines of the newest batch. */
static unsigned
lines_of(const struct shared_log *log)
{
	unsigned count = 0;

	for (size_t i = 0; i < log->text.len; i++)
		count += log->text.at[i] == '\n';
	return count;
}

/* Returns the text of the only lane that has one. */
static struct chat_span
lane_text(const struct proposals *proposals)
{
	for (size_t i = 0; i < PROPOSALS_LANES; i++)
		if (proposals->lanes[i].text.len)
			return chat_buf_span(&proposals->lanes[i].text);
	return (struct chat_span){0};
}

/* The stream has the newest batch: marks its proposals. Returns how many there are. */
static uint32_t
place(struct proposals *proposals, struct shared_log *log, uint64_t ticket)
{
	uint32_t count;
	struct proposal *proposal =
		proposals_take(proposals, log->batch, chat_buf_span(&log->text), &count);

	for (uint32_t i = 0; i < count; i++, proposal = proposal->next_own) {
		proposal->placed = true;
		proposal->ticket = ticket;
	}
	return count;
}

/* Returns another channel of the lane of "/a", or of another lane. */
static const char *
channel_in(bool same_lane)
{
	static char name[8];
	uint64_t lane = chat_hash("/a", 2) % PROPOSALS_LANES;
	unsigned i = 0;

	do
		snprintf(name, sizeof(name), "/%u", i++);
	while ((chat_hash(name, strlen(name)) % PROPOSALS_LANES == lane) != same_lane);
	return name;
}

static void
count_given_up(void *arg, struct proposal *proposal, struct chat_span line)
{
	struct batch_message message;
	struct chat_err err;

	(void)proposal;
	is_int(batch_next(&line, &message, &err), 0, "it is given up with its line");
	++*(unsigned *)arg;
}

static void
test_batches(void)
{
	struct shared_log log = {0};
	struct proposals proposals = {
		.shared_log = &log, .most_batch_bytes = BATCH_BYTES_MAX, .most_line_bytes = 1000};

	add(&proposals, "/a", "\"1\"", 0);
	proposals_send(&proposals, 0);
	is_int(log.count, 1, "a batch is published");
	add(&proposals, "/a", "\"2\"", 0);
	add(&proposals, "/a", "\"3\"", 0);
	proposals_send(&proposals, 0);
	is_int(log.count, 1, "no other while it is on its way");
	is_int(place(&proposals, &log, 5), 1, "it is placed");
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), 2, "the next one has what came meanwhile");
	is_int(proposals_settle(&proposals, 4, 0), 0,
		"nothing is settled before the journal has it");
	is_int(proposals_settle(&proposals, 5, 0), 1, "then it is");
	is_int(place(&proposals, &log, 6), 2, "the second batch is placed");
	is_int(proposals_are_placed(&proposals), true, "nothing is without a place");
	is_int(place(&proposals, &log, 7), 0, "but only once");
	is_int(proposals_settle(&proposals, 6, 1), 3, "all is settled");
	is_int(proposals.bytes, 0, "and no memory is left");
	add(&proposals, "/a", "\"4\"", 0);
	add(&proposals, channel_in(true), "\"5\"", 0);
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), 2, "the channels of a lane share a batch");
	add(&proposals, channel_in(false), "\"6\"", 0);
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), 1, "another lane has a batch of its own meanwhile");
	is_int(place(&proposals, &log, 7), 1, "which is placed first");
	log.batch--;
	log.text.len = 0;
	chat_buf_append_span(&log.text, lane_text(&proposals));
	is_int(place(&proposals, &log, 7), 2, "then the other one");
	is_int(proposals_settle(&proposals, 7, 3), 6, "all is settled");
	for (int i = 0; i < BATCH_MESSAGES_MAX + 1; i++)
		add(&proposals, "/a", "\"x\"", 0);
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), BATCH_MESSAGES_MAX, "a batch has a limit of messages");
	proposals.most_batch_bytes = 10;
	place(&proposals, &log, 8);
	add(&proposals, "/a", "\"y\"", 0);
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), 1, "and of bytes, but for a single message");
	proposals_free(&proposals);
	chat_buf_free(&log.text);
}

static void
test_again(void)
{
	struct shared_log log = {0};
	struct proposals proposals = {
		.shared_log = &log, .most_batch_bytes = BATCH_BYTES_MAX, .most_line_bytes = 1000};
	uint64_t batch;

	add(&proposals, "/a", "\"1\"", 0);
	proposals_send(&proposals, 0);
	batch = log.batch;
	proposals_send_again(&proposals, 1000);
	is_int(log.count, 1, "the stream has time to answer");
	proposals_delay(&proposals, batch, 1000);
	proposals_send_again(&proposals, 1250);
	is_int(log.count, 2, "if it is away, the batch is published again soon");
	is_int(log.batch, batch, "with the same number");
	proposals_send_again(&proposals, 9999);
	is_int(log.count, 3, "and again, if no answer comes");
	log.text.at[0] = '!';
	is_int(place(&proposals, &log, 1), 0, "another text with its number is not it");
	proposals_send_again(&proposals, 9999);
	ok(log.count == 4 && log.batch != batch, "it is published with another number");
	is_int(place(&proposals, &log, 1), 1, "and placed");
	proposals_free(&proposals);
	chat_buf_free(&log.text);
}

static void
test_giving_up(void)
{
	struct shared_log log = {0};
	struct proposals proposals = {
		.shared_log = &log, .most_batch_bytes = BATCH_BYTES_MAX, .most_line_bytes = 1000};
	unsigned count = 0;

	add(&proposals, "/a", "\"1\"", 0);
	proposals_send(&proposals, 0);
	add(&proposals, "/a", "\"2\"", 100);
	add(&proposals, channel_in(false), "\"3\"", 200);
	proposals_expire(&proposals, 50, count_given_up, &count);
	is_int(count, 2, "a batch that waits for too long is given up, with what waits behind it");
	is_int(proposals_settle(&proposals, 0, 0), 2, "and both are settled");
	is_int(place(&proposals, &log, 1), 0, "if it comes later, it is another server's");
	proposals_send(&proposals, 300);
	is_int(log.count, 2, "the other channel is published");
	proposals_expire(&proposals, 1000, count_given_up, &count);
	is_int(count, 3, "later it is given up too");
	is_int(proposals_settle(&proposals, 0, 2), 3, "and all is settled");
	for (int i = 0; i < 2 * BATCH_MESSAGES_MAX + 1; i++)
		add(&proposals, "/a", "\"x\"", 1500);
	proposals_expire(&proposals, 1600, count_given_up, &count);
	is_int(count, 4 + 2 * BATCH_MESSAGES_MAX, "more than one batch is given up");
	ok(proposals_are_placed(&proposals), "and nothing is left");
	count = 3;
	add(&proposals, "/a", "\"4\"", 2000);
	proposals_send(&proposals, 2000);
	ok(!proposals_may_be_stored(&proposals, log.batch),
		"what is refused at once is not stored");
	proposals_send_again(&proposals, 4000);
	ok(proposals_may_be_stored(&proposals, log.batch),
		"what was published again may be stored");
	proposals_drop(&proposals, log.batch, count_given_up, &count);
	is_int(count, 4, "a batch that the stream refuses is given up");
	proposals.halted = true;
	add(&proposals, "/a", "\"5\"", 2000);
	count = log.count;
	proposals_send(&proposals, 2000);
	is_int(log.count, count, "nothing is published before the server is ready");
	proposals_free(&proposals);
	chat_buf_free(&log.text);
}

static void
test_too_large(void)
{
	struct shared_log log = {0};
	struct proposals proposals = {.shared_log = &log, .most_line_bytes = 300};
	struct channel_post post = {.user = &alice};
	struct chat_err err = {.code = CHAT_OK};
	char content[301];

	memset(content, 'x', sizeof(content));
	content[0] = content[sizeof(content) - 1] = '"';
	post.content_json = (struct chat_span){content, sizeof(content)};
	is_int(proposals_add(&proposals, CHAT_SPAN("/a"), &post, 0, 1000, &err), -1, "too large");
	is_int(err.code, CHAT_TOO_LARGE, "the error says so");
	proposals_send(&proposals, 0);
	ok(!log.count && !proposals.bytes && proposals_are_placed(&proposals),
		"and nothing is left of it");
	add(&proposals, "/a", "\"1\"", 0);
	proposals_send(&proposals, 0);
	is_int(lines_of(&log), 1, "the next one is published");
	proposals_free(&proposals);
	chat_buf_free(&log.text);
}

int
main(void)
{
	test_batches();
	test_too_large();
	test_again();
	test_giving_up();
	return done();
}
