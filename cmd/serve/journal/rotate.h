#ifndef SERVE_JOURNAL_ROTATE_H
#define SERVE_JOURNAL_ROTATE_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Creates a segment and makes it the active one. The old active one joins the full segments; if it
 * had no message, its files are deleted and it is freed. Returns 0, or -1, and then the old one
 * stays active.
 */
int rotate_segment(struct disk_journal *disk, struct chat_err *err);

/*
 * Rotates if the active segment is full, if it would be after this many more bytes, if it cannot
 * have a message with the number `last` (0: there is none), or if segments.rotate_due is set. If no
 * segment can be created, the old one may grow further. Returns 0, or -1 if it has become too large
 * for that, or cannot have that number.
 */
int rotate_if_full(struct disk_journal *disk, uint64_t bytes, uint64_t last, struct chat_err *err);

/*
 * Cleans up after a failed write or sync: truncates the active segment's files, and replaces the
 * segment if no more messages may be written to it. Returns 0, or -1 if it must be tried again.
 */
int rotate_after_failure(struct disk_journal *disk, struct chat_err *err);

/* Makes the next commit rotate (journal_kind.rotate). */
void rotate_request(struct journal *journal);

#endif
