/*
 * Messages that are appended in one tick are written as batches, in their order, and answered: as
 * durable, or as failed with no trace of them on the disk.
 */
#include "serve/journal/group_commit.h"

#include <signal.h>
#include <sys/resource.h>

#include "journal.h"
#include "serve/journal/journal_size.h"
#include "serve/journal/max_messages.h"
#include "tap.h"

#define MESSAGES 200
#define MAX_BYTES 65536
#define TURNS_MAX 100 /* of the loop; the journal's timer makes each 100 ms long at most */

static const struct journal_options plain = {
	.sync = JOURNAL_SYNC_NEVER, .segment_bytes = 1 << 20, .answer_ms = 10000, .history = 50};

static struct disk_journal *
start(struct opened *opened, struct scratch *scratch, const struct journal_options *options)
{
	empty(scratch);
	scratch->durable = scratch->failed = 0;
	if (!journal_start(opened, scratch, options))
		abort();
	return (struct disk_journal *)opened->journal;
}

/* Returns how many messages the files of a journal have, or -1 if their numbers do not ascend. */
static int
messages_in_files(const struct scratch *scratch)
{
	struct chat_buf lines = {0};
	unsigned long long number, last = 0;
	int count = 0;

	for (uint32_t segment = 1; count >= 0; segment++) {
		char name[SEGMENT_NAME_MAX];

		load(scratch, segment_name(name, segment, SEGMENT_LINES), &lines);
		if (!lines.len)
			break;
		chat_buf_append(&lines, "", 1);
		for (const char *at = lines.at; (at = strstr(at, "\"number "));
			at++, last = number) {
			number = strtoull(at + strlen("\"number "), NULL, 10);
			count = number > last ? count + 1 : -1;
		}
	}
	chat_buf_free(&lines);
	return count;
}

static void
test_batch(struct scratch *scratch)
{
	struct opened opened;
	struct disk_journal *disk = start(&opened, scratch, &plain);

	for (uint64_t i = 1; i <= MESSAGES; i++)
		append(&opened, i);
	ok(scratch->durable == 0 && group_commit_queued(disk) == MESSAGES &&
			disk->journal.unwritten_bytes > 0,
		"what is appended waits in memory");
	group_commit_run(opened.journal);
	ok(scratch->durable == MESSAGES && group_commit_queued(disk) == 0,
		"a commit answers all of it");
	is_int(disk->segments.active->index.count, MESSAGES, "all of it is in one segment");
	journal_end(&opened);
	is_int(messages_in_files(scratch), MESSAGES, "and in its file");
}

/* A batch has no more bytes than a segment may have, and the next one waits for closed segments. */
static void
test_share(struct scratch *scratch)
{
	struct journal_options options = plain;
	struct opened opened;
	struct disk_journal *disk;
	uint64_t largest = 0;

	options.max_bytes = MAX_BYTES;
	disk = start(&opened, scratch, &options);
	for (uint64_t i = 1; i <= MESSAGES; i++)
		append(&opened, i);
	group_commit_run(opened.journal);
	for (int turns = 0; turns < TURNS_MAX && scratch->durable < MESSAGES; turns++) {
		uv_run(&opened.loop, UV_RUN_ONCE);
		group_commit_run(opened.journal);
	}
	is_int(scratch->durable, MESSAGES, "more than a segment may have is written");
	ok(disk->segments.active->number > 1, "to several segments");
	for (const struct segment *segment = disk->segments.full; segment; segment = segment->next)
		if (largest < segment_bytes(segment))
			largest = segment_bytes(segment);
	for (size_t i = 0; i < disk->closed.count; i++)
		if (largest < disk->closed.at[i].bytes)
			largest = disk->closed.at[i].bytes;
	ok(largest > 0 && largest <= journal_size_share(disk) + 1024,
		"none is larger than it may be");
	journal_end(&opened);
	is_int(messages_in_files(scratch), MESSAGES, "in their order");
	ok(journal_start(&opened, scratch, &options) &&
			message_count(opened.journal, CHAT_SPAN("/")) +
					message_count(opened.journal, CHAT_SPAN("/ops")) ==
				MESSAGES,
		"with checksums and an index that fit");
	journal_end(&opened);
}

/* A server of a cluster that was away for long goes on with much higher numbers. */
static void
test_far(struct scratch *scratch)
{
	static const uint64_t numbers[] = {1, 2, UINT64_C(1) << 33, (UINT64_C(1) << 33) + 1,
		UINT64_C(1) << 36, (UINT64_C(1) << 36) + UINT32_MAX};
	const uint32_t count = sizeof(numbers) / sizeof(*numbers);
	struct opened opened;
	struct disk_journal *disk = start(&opened, scratch, &plain);

	for (uint32_t i = 0; i < count; i++)
		append(&opened, numbers[i]);
	group_commit_run(opened.journal);
	is_int(scratch->durable, count, "numbers that are far apart are written at once");
	is_int(disk->segments.active->number, 4, "to as many segments as have room for them");
	append(&opened, numbers[count - 1] + 1);
	group_commit_run(opened.journal);
	is_int(disk->segments.active->number, 4, "and no more");
	journal_end(&opened);
	is_int(messages_in_files(scratch), count + 1, "in their order");
	ok(journal_start(&opened, scratch, &plain) &&
			message_count(opened.journal, CHAT_SPAN("/")) +
					message_count(opened.journal, CHAT_SPAN("/ops")) ==
				count + 1,
		"with checksums and an index that fit");
	journal_end(&opened);
}

static void
set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* While the sync thread is busy, full segments wait to be closed: but not more than a few. */
static void
test_unclosed(struct scratch *scratch)
{
	struct journal_options options = plain;
	struct opened opened;
	struct disk_journal *disk;
	int unclosed = 0;

	options.segment_bytes = 1;
	disk = start(&opened, scratch, &options);
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		append(&opened, i);
		group_commit_run(opened.journal);
	}
	for (const struct segment *segment = disk->segments.full; segment; segment = segment->next)
		unclosed++;
	ok(unclosed > 1 && unclosed <= 16, "a few full segments wait for their index");
	is_int(scratch->durable, MESSAGES, "all messages are written");
	journal_end(&opened);
	is_int(messages_in_files(scratch), MESSAGES, "in their order");
}

/* No file may have more bytes than the header of a segment: neither this segment nor a new one. */
static void
test_failure(struct scratch *scratch)
{
	struct opened opened;
	struct disk_journal *disk = start(&opened, scratch, &plain);
	uint64_t bytes = disk->segments.active->lines_bytes;

	set_file_limit(bytes + 1);
	append(&opened, 1);
	append(&opened, 2);
	group_commit_run(opened.journal);
	set_file_limit(RLIM_INFINITY); /* what this test prints may go to a file */
	ok(scratch->failed == 2 && scratch->durable == 0 && *disk->journal.trouble,
		"a batch that cannot be written is answered as failed");
	ok(disk->segments.active->lines_bytes == bytes && !disk->segments.active->index.count &&
			segment_size_matches(disk->segments.active),
		"nothing of it is in the index or in the file");
	for (int turns = 0; turns < TURNS_MAX && *disk->journal.trouble; turns++)
		uv_run(&opened.loop, UV_RUN_ONCE);
	append(&opened, 3);
	group_commit_run(opened.journal);
	is_int(scratch->durable, 3, "once the disk works again, the next one is written");
	journal_end(&opened);
	is_int(messages_in_files(scratch), 1, "and is alone in the files");
}

int
main(void)
{
	struct scratch scratch = {0};

	signal(SIGXFSZ, SIG_IGN);
	scratch_open(&scratch);
	test_batch(&scratch);
	test_share(&scratch);
	test_unclosed(&scratch);
	test_far(&scratch);
	test_failure(&scratch);
	scratch_close(&scratch);
	return done();
}
