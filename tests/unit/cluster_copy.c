/* Comparing what a server has told with what the stream has now. */
#include "serve/cluster/copy.h"

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
test_garbage(void)
{
	const struct cluster cluster = {.copied = 7 << BATCH_BITS | 2};
	struct chat_err err = {0};

	is_int(copy_check_garbage(&cluster, cluster.copied + 1, &err), 0, "after the journal");
	is_int(copy_check_garbage(&cluster, cluster.copied - 1, &err), 0, "garbage as ever");
	is_int(copy_check_garbage(&cluster, cluster.copied, &err), -1,
		"garbage in the place of the last message");
	is_int(err.code, CHAT_USAGE, "is an error of the journal");
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
	test_garbage();
	test_stream();
	return done();
}
