/* One journal for several loops: the order of the messages, answers and reads, with a thread for
 * each loop. */
#include "serve/journal/shared_journal.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "journal.h"
#include "serve/frame/block.h"
#include "tap.h"

#define LOOPS 3
#define MESSAGES 2000 /* of each loop */

static const struct journal_options one_segment = {
	.sync = JOURNAL_SYNC_BATCH, .segment_bytes = 1 << 30, .answer_ms = 10000};
static const struct journal_options short_segments = {
	.sync = JOURNAL_SYNC_ALWAYS, .segment_bytes = 4096, .answer_ms = 10000};

/* One loop with its part. */
struct user {
	uv_loop_t loop;
	struct journal *journal;
	struct scratch answers; /* `durable` and `failed` only */
	uint64_t appended;
	bool has_page, has_newest; /* `done` was called */
	struct journal_page_read page;
	struct journal_newest_read newest;
	atomic_size_t *running;
	uv_async_t *ended; /* on the loop of part 0 */
};

struct shared_users {
	struct shared_journal *shared;
	struct user users[LOOPS];
	atomic_size_t running;
	uv_async_t ended;
};

static void
on_ended(uv_async_t *handle)
{
	(void)handle;
}

static void
say(struct user *user, const char *channel)
{
	uint64_t number = user->journal->kind->next_number(user->journal);
	struct journal_line line;
	char text[600];

	make_line(text, sizeof(text), number, "");
	journal_line_read(&line, chat_span_of(text));
	line.channel = chat_span_of(channel);
	user->appended = user->journal->kind->append(user->journal, &line, chat_span_of(text));
}

/* Appends all messages, some in each turn, and waits until they are durable. */
static void
talk(struct user *user)
{
	const struct journal_kind *kind = user->journal->kind;

	while (user->answers.durable < MESSAGES) {
		for (uint64_t i = 0; i < 1 + user->appended % 7 && user->appended < MESSAGES; i++)
			say(user, "/");
		kind->commit(user->journal);
		uv_run(&user->loop, user->appended < MESSAGES ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	}
}

static void
on_page(struct journal_page_read *read)
{
	((struct user *)read->arg)->has_page = true;
}

static void
on_newest(struct journal_newest_read *read)
{
	struct user *user = (struct user *)((char *)read - offsetof(struct user, newest));

	user->has_newest = true;
}

static void
ask(struct user *user, const char *newest_of)
{
	user->page = (struct journal_page_read){.channel = "/none",
		.upto = 100,
		.page_bytes = 1000,
		.most_bytes = 1000,
		.complete = true,
		.done = on_page,
		.arg = user};
	user->newest = (struct journal_newest_read){
		.upto = UINT64_MAX, .most = 5, .most_bytes = 10000, .done = on_newest};
	strcpy(user->newest.channel, newest_of);
	user->journal->kind->read_page(user->journal, &user->page);
	user->journal->kind->read_newest(user->journal, &user->newest);
}

static void
run(void *arg)
{
	struct user *user = arg;

	talk(user);
	ask(user, "/none");
	while (!user->has_page || !user->has_newest)
		uv_run(&user->loop, UV_RUN_ONCE);
	atomic_fetch_sub(user->running, 1);
	uv_async_send(user->ended);
}

/* Opens a journal. Returns false if it cannot. */
static bool
start(struct shared_users *all, struct scratch *scratch, const struct journal_options *options)
{
	const struct journal_events events = {.durable = note_durable, .failed = note_failed};
	struct journal_options own = *options;
	struct chat_err err;

	own.dir = scratch->dir;
	all->shared = shared_journal_new(LOOPS);
	for (size_t i = 0; i < LOOPS; i++) {
		struct user *user = &all->users[i];

		*user = (struct user){.running = &all->running, .ended = &all->ended};
		uv_loop_init(&user->loop);
		user->journal =
			shared_journal_part(all->shared, i, &user->loop, &events, &user->answers);
	}
	uv_async_init(&all->users[0].loop, &all->ended, on_ended);
	return shared_journal_open(all->shared, &own, &err) == 0;
}

static void
close_unless_closing(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
loop_end(uv_loop_t *loop)
{
	uv_walk(loop, close_unless_closing, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
}

static void
end(struct shared_users *all)
{
	for (size_t i = 0; i < LOOPS; i++)
		all->users[i].journal->kind->settle(all->users[i].journal);
	for (size_t i = 1; i < LOOPS; i++) {
		loop_end(&all->users[i].loop);
		all->users[i].journal->kind->close(all->users[i].journal, false);
	}
	loop_end(&all->users[0].loop);
	is_int(all->users[0].journal->kind->close(all->users[0].journal, false), JOURNAL_KEPT,
		"it is kept");
	shared_journal_free(all->shared);
}

/* Returns how many messages the first segment has, or 0 if their numbers are not 1, 2, 3… */
static uint64_t
count_in_order(const struct scratch *scratch)
{
	struct chat_buf lines = {0};
	uint64_t count = 0;
	char *at, *line;

	load(scratch, "00000001.ndjson", &lines);
	chat_buf_append(&lines, "", 1);
	for (line = strtok_r(lines.at, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		struct journal_line read;

		if (!journal_line_read(&read, chat_span_of(line)))
			continue; /* the header of the segment */
		if (read.number != ++count)
			count = UINT64_MAX - 1;
	}
	chat_buf_free(&lines);
	return count == UINT64_MAX - 1 ? 0 : count;
}

static void
test_threads(struct scratch *scratch)
{
	uv_thread_t threads[LOOPS];
	struct shared_users all = {.running = LOOPS - 1};
	struct user *owner = &all.users[0];

	ok(start(&all, scratch, &one_segment), "a journal for %d loops", LOOPS);
	for (size_t i = 1; i < LOOPS; i++)
		uv_thread_create(&threads[i], run, &all.users[i]);
	talk(owner);
	while (atomic_load(&all.running)) {
		uv_run(&owner->loop, UV_RUN_ONCE);
		owner->journal->kind->commit(owner->journal);
	}
	for (size_t i = 1; i < LOOPS; i++)
		uv_thread_join(&threads[i]);
	for (size_t i = 0; i < LOOPS; i++) {
		is_int(all.users[i].answers.durable, MESSAGES,
			"all messages of a loop are durable");
		is_int(all.users[i].journal->unwritten_bytes, 0, "and none takes memory");
	}
	for (size_t i = 1; i < LOOPS; i++) {
		is_int(all.users[i].page.end, 100, "a page of a channel without messages");
		is_int(all.users[i].newest.found.count, 0, "and its newest ones");
	}
	end(&all);
	is_int(count_in_order(scratch), LOOPS * MESSAGES, "the numbers ascend in the file");
	empty(scratch);
}

/* The last turns are over: what was appended is stored, and who waits for a read is told. */
static void
test_end(struct scratch *scratch)
{
	struct shared_users all = {0};

	ok(start(&all, scratch, &one_segment), "a journal that ends in the middle of its work");
	say(&all.users[1], "/a");
	all.users[1].journal->kind->commit(all.users[1].journal);
	say(&all.users[2], "/b");
	all.users[0].journal->kind->commit(all.users[0].journal);
	ask(&all.users[1], "/a"); /* begun, and not done when the loop ends */
	uv_run(&all.users[0].loop, UV_RUN_NOWAIT);
	ask(&all.users[2], "/b"); /* not begun */
	say(&all.users[2], "/b");
	end(&all);
	is_int(all.users[1].answers.durable, 1, "what was committed is durable");
	is_int(all.users[2].answers.durable, 2, "and what was not");
	ok(all.users[1].has_page && all.users[1].has_newest, "the reads that were begun end");
	ok(all.users[2].has_page && all.users[2].has_newest, "and those that were not");
	ok(!all.users[2].page.page && !all.users[2].page.complete, "without a result");
	block_unref(all.users[1].page.page);
	history_free(&all.users[1].newest.found);
	is_int(count_in_order(scratch), 3, "the messages are in the file");
}

/* Every loop knows how old the messages of closed segments are. */
static void
test_closed(struct scratch *scratch)
{
	struct shared_users all = {0};
	struct user *user = &all.users[0];
	struct journal *owner, *other;
	uint64_t upto = 0;

	ok(start(&all, scratch, &short_segments), "a journal with short segments");
	owner = user->journal;
	other = all.users[1].journal;
	is_int(other->kind->newest_older_than(other, INT64_MAX), 0, "none is closed at first");
	for (int i = 0; i < 200 && !upto; i++) {
		say(user, "/a");
		owner->kind->commit(owner);
		while (user->answers.durable < user->appended) {
			uv_run(&user->loop, UV_RUN_ONCE);
			owner->kind->commit(owner); /* as in every turn */
		}
		upto = other->kind->newest_older_than(other, INT64_MAX);
	}
	ok(upto > 0, "then a segment is");
	is_int(owner->kind->newest_older_than(owner, INT64_MAX), upto, "for all loops alike");
	is_int(other->kind->newest_older_than(other, 0), 0, "no message is older than 1970");
	end(&all);
	empty(scratch);
}

int
main(void)
{
	struct scratch scratch = {0};

	scratch_open(&scratch);
	test_threads(&scratch);
	test_closed(&scratch);
	test_end(&scratch);
	scratch_close(&scratch);
	return done();
}
