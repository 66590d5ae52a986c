#ifndef SERVE_JOURNAL_WRITE_FAILURE_H
#define SERVE_JOURNAL_WRITE_FAILURE_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Notes in journal->trouble why messages are refused, and reports it; a sentence that is there
 * already is not reported again.
 */
void write_failure_set(struct disk_journal *disk, const struct chat_err *err);

/* Clears journal->trouble, and reports that the journal can be written again, if it was set. */
void write_failure_clear(struct disk_journal *disk);

/* Notes it as a failure when the running sync has taken longer than options.answer_ms. */
void write_failure_check_sync(struct disk_journal *disk);

#endif
