#ifndef SERVE_JOURNAL_WRITE_FAILURE_H
#define SERVE_JOURNAL_WRITE_FAILURE_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Sets journal->trouble to the reason why messages are refused, and reports it. Does nothing if
 * that reason is set already.
 */
void write_failure_set(struct disk_journal *disk, const struct chat_err *err);

/*
 * Clears journal->trouble, and reports that the journal can be written again. Does nothing if it is
 * "".
 */
void write_failure_clear(struct disk_journal *disk);

/* Records and reports a failure if the running sync has taken longer than options.answer_ms. */
void write_failure_check_sync(struct disk_journal *disk);

#endif
