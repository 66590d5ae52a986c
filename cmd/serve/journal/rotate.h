#ifndef SERVE_JOURNAL_ROTATE_H
#define SERVE_JOURNAL_ROTATE_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Creates a segment and makes it the active one; the old one joins the full segments. Returns 0, or
 * -1 with the old one still active.
 */
int rotate_segment(struct disk_journal *disk, struct chat_err *err);

/*
 * Rotates if the active segment is full, would be after so many more bytes, or if it was asked for.
 * When no segment can be created, the old one grows on; returns -1 only once it is too large for
 * that.
 */
int rotate_if_full(struct disk_journal *disk, uint64_t bytes, struct chat_err *err);

/*
 * Undoes what a failed write or sync left: truncates the active segment's files, and rotates if
 * that segment may take no more messages. Returns 0, or -1 if it has to be tried again.
 */
int rotate_after_failure(struct disk_journal *disk, struct chat_err *err);

/* Rotates at the next commit (journal_kind.rotate). */
void rotate_request(struct journal *journal);

#endif
