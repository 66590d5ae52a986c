/* Comparing what a server has told with what the stream has now. */
#include "serve/cluster/copy.h"

#include "channel.h"
#include "serve/cluster/state.h"
#include "tap.h"
#include "text/span.h"

static int
check(const struct shared_log_entry *again, enum chat_code *code)
{
	const struct shared_log_entry told = {
		.number = 7, .time_ms = 1000, .batch = 3, .text = CHAT_SPAN("one\ntwo\n")};
	struct chat_err err = {0};
	int result = copy_check_again(&told, again, &err);

	*code = err.code;
	return result;
}

static void
test_again(void)
{
	struct shared_log_entry again = {
		.number = 7, .time_ms = 1000, .text = CHAT_SPAN("one\ntwo\n")};
	enum chat_code code;

	is_int(check(&again, &code), 0, "the same entry");
	again.time_ms++;
	is_int(check(&again, &code), -1, "another time");
	is_int(code, CHAT_IO_ERROR, "is an error of the stream");
	again.time_ms--;
	again.text = CHAT_SPAN("one\ntwX\n");
	is_int(check(&again, &code), -1, "another text");
	again.text = CHAT_SPAN("one\n");
	is_int(check(&again, &code), -1, "a shorter text");
	again.text = (struct chat_span){0};
	is_int(check(&again, &code), -1, "nothing");
	is_int(code, CHAT_IO_ERROR, "is an error of the stream");
}

static void
test_count(void)
{
	const struct cluster cluster = {.copied = 7 << BATCH_BITS | 2};
	struct shared_log_entry entry = {.number = 7};
	struct chat_err err = {0};

	is_int(copy_check_count(&cluster, &entry, 3, &err), 0, "as many as the journal has");
	is_int(copy_check_count(&cluster, &entry, 200, &err), 0, "more");
	is_int(copy_check_count(&cluster, &entry, 2, &err), -1, "fewer");
	is_int(err.code, CHAT_USAGE, "is an error of the journal");
	entry.number = 6;
	is_int(copy_check_count(&cluster, &entry, 0, &err), 0, "another entry");
}

static void
test_none(void)
{
	const struct cluster cluster = {.copied = 7 << BATCH_BITS | 2};
	struct chat_err err = {0};

	is_int(copy_check_none(&cluster, cluster.copied + 1, &err), 0, "after the journal");
	is_int(copy_check_none(&cluster, cluster.copied - 1, &err), 0, "garbage as ever");
	is_int(copy_check_none(&cluster, cluster.copied, &err), -1,
		"garbage or a duplicate in the place of the last message");
	is_int(err.code, CHAT_USAGE, "is an error of the journal");
}

/* Returns the result for a line of the stream with this number, in its channel. */
static int
check_message(struct fixture *fixture, const struct cluster *cluster, const char *line,
	uint64_t number, struct chat_err *err)
{
	struct chat_span rest = chat_span_of(line);
	struct batch_message message;

	if (batch_next(&rest, &message, err) < 0)
		abort();
	return copy_check_message(
		cluster, find(fixture, message.channel_bytes), &message.post, number, err);
}

#define LINE(sender, content, channel) \
	"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"" sender "\",\"content\":\"" content \
	"\",\"timestamp\":1,\"channel\":\"" channel "\",\"senderId\":\"" sender \
	"\",\"nonce\":\"1\"}\n"

static void
test_message(void)
{
	struct cluster cluster = {.copied_ms = INT64_MAX};
	struct fixture fixture;
	struct member alice;
	struct conn conn;
	struct chat_err err = {0};

	fixture_open(&fixture, roomy);
	join(find(&fixture, "/here"), &alice, &conn, "alice", true);
	post(&alice, "\"hello\"", "\"1\"");
	store(&fixture);
	cluster.copied = fixture.channels.sequence;
	is_int(check_message(
		       &fixture, &cluster, LINE("alice", "hello", "/here"), cluster.copied, &err),
		0, "the same message");
	is_int(check_message(
		       &fixture, &cluster, LINE("alice", "hallo", "/here"), cluster.copied, &err),
		-1, "another text");
	is_int(check_message(
		       &fixture, &cluster, LINE("bobby", "hello", "/here"), cluster.copied, &err),
		-1, "of another user");
	is_int(check_message(
		       &fixture, &cluster, LINE("alice", "hello", "/there"), cluster.copied, &err),
		-1, "in another channel");
	is_int(err.code, CHAT_USAGE, "is an error of the journal");
	cluster.copied_ms = 0;
	cluster.last.time_ms = 1;
	is_int(check_message(
		       &fixture, &cluster, LINE("alice", "hello", "/here"), cluster.copied, &err),
		-1, "after the last message of the journal");
	channel_leave(&alice);
	fixture_close(&fixture);
}

static void
test_stream(void)
{
	struct epoch epoch = {.epoch = 1000, .last = 7 << BATCH_BITS};
	struct channels channels = {
		.sequence = epoch.last, .epochs = {.at = &epoch, .count = 1, .cap = 1}};
	struct shared_log_state state = {.made_ms = 1000, .first = 1, .last = 7};
	struct chat_err err = {0};

	is_int(copy_check_stream(&channels, &state, &err), 0, "the stream has the last entry");
	state.last = 6;
	is_int(copy_check_stream(&channels, &state, &err), -1, "it does not");
	is_int(err.code, CHAT_USAGE, "which is an error of the journal");
	state.last = 7;
	state.made_ms++;
	is_int(copy_check_stream(&channels, &state, &err), -1, "it is another stream");
}

int
main(void)
{
	test_again();
	test_count();
	test_none();
	test_message();
	test_stream();
	return done();
}
