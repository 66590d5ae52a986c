#ifndef SERVE_JOURNAL_RECOVERY_INDEX_H
#define SERVE_JOURNAL_RECOVERY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/state.h"

/*
 * Opens the index file of a closed segment when the server starts. If it is missing or wrong, scans
 * the segment and makes it again. check: always scans the segment, and compares the index with the
 * result. Returns 0, with an index that the caller closes, or -1.
 */
int recovery_index_open(struct disk_journal *disk, uint32_t number, bool check,
	struct index_file *index, struct chat_err *err);

/* Syncs the lines of a segment, unless options.sync is JOURNAL_SYNC_NEVER. Returns 0, or -1. */
int recovery_sync_lines(struct disk_journal *disk, uint32_t number, struct chat_err *err);

#endif
