#ifndef SERVE_JOURNAL_GROUP_COMMIT_H
#define SERVE_JOURNAL_GROUP_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/state.h"

/* Copies a message to the queue and returns its ticket (journal_kind.append). */
uint64_t group_commit_append(
	struct journal *journal, const struct journal_line *line, struct chat_span text);

/*
 * Writes the queued messages (journal_kind.commit). Reports them as durable: with
 * JOURNAL_SYNC_ALWAYS after their sync, else at once. Reports all unanswered messages as failed if
 * a batch cannot be written. Messages stay queued while a sync runs or full segments must be closed
 * first.
 */
void group_commit_run(struct journal *journal);

/* Returns the number of queued messages. */
size_t group_commit_queued(const struct disk_journal *disk);

/* Returns the unused bytes of the queue's arrays, which unwritten_bytes leaves out. */
size_t group_commit_spare_bytes(const struct disk_journal *disk);

/* Reports all messages up to this ticket as durable, except those that were answered before. */
void group_commit_report_durable(struct disk_journal *disk, uint64_t ticket);

/*
 * Empties the queue, reports all messages that were not answered yet as failed, and sets
 * journal->trouble to the error.
 */
void group_commit_refuse(struct disk_journal *disk, const struct chat_err *err);

/*
 * Removes the batch that is being synced (undo.syncing), if there is one, from the active segment.
 * No user has seen its messages.
 */
void group_commit_undo(struct disk_journal *disk);

/* Frees the queue and the buffer of checksums. */
void group_commit_free(struct disk_journal *disk);

#endif
