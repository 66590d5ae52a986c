#ifndef SERVE_JOURNAL_INDEX_REBUILD_TASK_H
#define SERVE_JOURNAL_INDEX_REBUILD_TASK_H

#include <stdint.h>

#include "serve/journal/state.h"

/*
 * Makes the index file of a closed segment on a worker thread, then calls `done` on the loop. Does
 * nothing if one is being made, if it was tried without success, or if the journal is closing.
 */
void index_rebuild_start(
	struct disk_journal *disk, uint32_t number, void (*done)(struct disk_journal *disk));

#endif
