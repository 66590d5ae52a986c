#ifndef SERVE_JOURNAL_INDEX_REBUILD_TASK_H
#define SERVE_JOURNAL_INDEX_REBUILD_TASK_H

#include <stdint.h>

#include "serve/journal/state.h"

/*
 * Makes the index file of a closed segment on a worker thread, then calls `done` on the loop, also
 * if that failed. Does nothing if another index is being made, if the index of this segment or of a
 * newer one could not be made before, or if the journal is being closed.
 */
void index_rebuild_start(
	struct disk_journal *disk, uint32_t number, void (*done)(struct disk_journal *disk));

#endif
