#ifndef SERVE_JOURNAL_GROUP_COMMIT_H
#define SERVE_JOURNAL_GROUP_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/state.h"

/* Copies a message into the queue and returns its ticket (journal_kind.append). */
uint64_t group_commit_append(
	struct journal *journal, const struct journal_line *line, struct chat_span text);

/*
 * Writes all queued messages (journal_kind.commit). They are reported as durable at once, with
 * JOURNAL_SYNC_ALWAYS after their sync. What cannot be written is reported as failed.
 */
void group_commit_run(struct journal *journal);

/* Returns how many messages are queued. */
size_t group_commit_queued(const struct disk_journal *disk);

/* Reports all messages up to this ticket as durable, unless they have been answered. */
void group_commit_report_durable(struct disk_journal *disk, uint64_t ticket);

/* Drops the queue, and reports every message that was not answered yet as failed. */
void group_commit_refuse(struct disk_journal *disk, const struct chat_err *err);

/* Takes the batch back whose sync failed, if there is one: nobody has seen its messages. */
void group_commit_undo(struct disk_journal *disk);

/* Frees the queue. */
void group_commit_free(struct disk_journal *disk);

#endif
