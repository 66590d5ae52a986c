/*
 * While the disk fails, messages are refused (group_commit.c), and journal->trouble contains the
 * reason. It is cleared after a successful write or sync of messages, or a successful test
 * (periodic.c).
 */
#include "serve/journal/write_failure.h"

#include <string.h>

#include "text/err.h"

void
write_failure_set(struct disk_journal *disk, const struct chat_err *err)
{
	if (strcmp(disk->journal.trouble, err->text) == 0)
		return;
	journal_warn(
		&disk->journal, "%s; no messages are taken until it can be written", err->text);
	memcpy(disk->journal.trouble, err->text, sizeof(disk->journal.trouble));
}

void
write_failure_clear(struct disk_journal *disk)
{
	if (!*disk->journal.trouble)
		return;
	journal_warn(&disk->journal, "it can be written again");
	*disk->journal.trouble = '\0';
}

void
write_failure_check_sync(struct disk_journal *disk)
{
	struct chat_err err;

	if (disk->failure.sync_late ||
		sync_thread_busy_ms(&disk->sync_thread) <= disk->options.answer_ms)
		return;
	/* what is written from now on may never reach the disk */
	disk->failure.sync_late = true;
	disk->journal.failures++;
	chat_fail(&err, CHAT_IO_ERROR, "the disk has not answered for %lld ms",
		(long long)disk->options.answer_ms);
	write_failure_set(disk, &err);
}
