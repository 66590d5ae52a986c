#ifndef SERVE_JOURNAL_RECOVERY_H
#define SERVE_JOURNAL_RECOVERY_H

#include "chat/err.h"
#include "serve/journal/state.h"

/*
 * Checks and opens all segments in the directory, or creates the first one. Returns 0, or -1 with
 * CHAT_BAD_MESSAGE where a segment is damaged before its end.
 */
int recovery_run(struct disk_journal *disk, struct chat_err *err);

#endif
