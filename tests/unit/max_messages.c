/*
 * Readers of a channel with --journal-max-messages after the statistics of channels were
 * evicted: a page is complete only if it has all messages after the reader's.
 */
#include "serve/journal/max_messages.h"

#include "journal.h"
#include "tap.h"

#define LIMIT 4 /* messages of a channel that readers get */
#define CHANNEL CHAT_SPAN("/") /* each number that is no multiple of three */

struct page {
	struct journal_page_read read;
	bool done;
};

static void
on_read(struct journal_page_read *read)
{
	((struct page *)read->arg)->done = true;
	block_unref(read->page);
}

/* Appends messages up to this number to the open segment. */
static void
append_upto(struct opened *opened, uint64_t *number, uint64_t upto)
{
	while (*number < upto)
		append(opened, ++*number);
	opened->journal->kind->commit(opened->journal);
}

/* Closes the segment, with the next message in a new one. */
static void
close_segment(struct opened *opened, uint64_t *number)
{
	struct disk_journal *disk = (struct disk_journal *)opened->journal;
	size_t before = disk->closed.count;

	opened->journal->kind->rotate(opened->journal);
	append_upto(opened, number, *number + 1);
	while (disk->closed.count == before)
		uv_run(&opened->loop, UV_RUN_ONCE);
}

/* Does as stats_evict when there are too many channels. */
static void
evict_statistics(struct opened *opened)
{
	struct disk_journal *disk = (struct disk_journal *)opened->journal;

	stats_free(&disk->stats);
	disk->stats.evicted = true;
}

/* Reads all pages after a number. Returns false if one says that messages may be missing. */
static bool
reads_completely(struct opened *opened, uint64_t after, uint64_t upto)
{
	struct page page = {.read = {.channel = "/",
				    .after = after,
				    .upto = upto,
				    .page_bytes = 100000,
				    .most_bytes = 100000,
				    .complete = true,
				    .done = on_read}};

	page.read.arg = &page;
	for (; page.read.after < upto && page.read.complete; page.read.after = page.read.end) {
		page.done = false;
		opened->journal->kind->read_page(opened->journal, &page.read);
		while (!page.done)
			uv_run(&opened->loop, UV_RUN_ONCE);
	}
	return page.read.complete;
}

static void
start(struct opened *opened, struct scratch *scratch)
{
	empty(scratch);
	if (!journal_start(opened, scratch,
		    &(struct journal_options){.sync = JOURNAL_SYNC_NEVER,
			    .segment_bytes = 1 << 30,
			    .answer_ms = 10000,
			    .history = 50,
			    .max_messages = LIMIT}))
		abort();
}

/* The channel has 1 2 4 5 in a closed segment, and later messages in the open one. */
static void
test_open_segments(struct scratch *scratch)
{
	struct opened opened;
	uint64_t number = 0;

	start(&opened, scratch);
	append_upto(&opened, &number, 5);
	close_segment(&opened, &number);
	evict_statistics(&opened);
	append_upto(&opened, &number, 10);
	ok(reads_completely(&opened, 2, number), "7 8 10 after 4 5: fewer than the limit");
	append_upto(&opened, &number, 11);
	is_int(open_message_count((struct disk_journal *)opened.journal, CHANNEL), LIMIT,
		"7 8 10 11 in open segments: as many as readers get");
	ok(!reads_completely(&opened, 2, number),
		"who has read up to 2 misses 4 and 5, and is told");
	ok(!reads_completely(&opened, 0, number), "and who has read nothing");
	ok(reads_completely(&opened, 5, number), "who has read up to 5 misses none");
	append_upto(&opened, &number, 13);
	ok(!reads_completely(&opened, 5, number), "one more message hides 7");
	ok(reads_completely(&opened, 7, number), "from those who have not read it");
	journal_end(&opened);
}

/* The same with a second closed segment that has statistics again: 7 8, then 10 and later. */
static void
test_closed_segments(struct scratch *scratch)
{
	struct opened opened;
	uint64_t number = 0;

	start(&opened, scratch);
	append_upto(&opened, &number, 5);
	close_segment(&opened, &number);
	evict_statistics(&opened);
	append_upto(&opened, &number, 8);
	close_segment(&opened, &number);
	append_upto(&opened, &number, 10);
	ok(reads_completely(&opened, 0, number),
		"7 8 in a counted segment, 10 after it: all are read");
	is_int(visible_range((struct disk_journal *)opened.journal, CHANNEL).first_segment, 0,
		"from the oldest segment on");
	append_upto(&opened, &number, 11);
	ok(!reads_completely(&opened, 2, number), "7 8 10 11: who has read up to 2 is told");
	ok(reads_completely(&opened, 5, number), "who has read up to 5 misses none");
	journal_end(&opened);
}

int
main(void)
{
	struct scratch scratch = {0};

	scratch_open(&scratch);
	test_open_segments(&scratch);
	test_closed_segments(&scratch);
	scratch_close(&scratch);
	return done();
}
