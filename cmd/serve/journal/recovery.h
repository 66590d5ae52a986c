#ifndef SERVE_JOURNAL_RECOVERY_H
#define SERVE_JOURNAL_RECOVERY_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Checks and opens all segments in the directory, or creates the first one. The directory must be
 * open and locked. Returns 0; -1 with CHAT_BAD_MESSAGE if a segment is damaged before its end, or
 * if messages or numbers are not possible; or -1 with another code.
 */
int recovery_run(struct disk_journal *disk, struct chat_err *err);

#endif
