#ifndef SERVE_JOURNAL_SYNC_H
#define SERVE_JOURNAL_SYNC_H

#include <stdbool.h>

#include "serve/journal/state.h"

/*
 * Gives the sync thread all that was written since the last time, and the full segments, which get
 * their index files; the active segment's checksums only if `sums`. The thread must be idle. Its
 * result comes to sync_result_apply.
 */
void sync_start(struct disk_journal *disk, bool sums);

#endif
