#ifndef SERVE_JOURNAL_SYNC_H
#define SERVE_JOURNAL_SYNC_H

#include <stdbool.h>

#include "serve/journal/state.h"

/*
 * Starts a job of the sync thread: it syncs what was written since the last job, and writes the
 * index files of the full segments. sums: it also syncs the active segment's checksums. With
 * JOURNAL_SYNC_NEVER nothing is synced. The thread must be idle. sync_result_apply gets the result.
 */
void sync_start(struct disk_journal *disk, bool sums);

#endif
