#ifndef SERVE_JOURNAL_JOURNAL_SIZE_H
#define SERVE_JOURNAL_JOURNAL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/journal/state.h"

/*
 * Returns the bytes of all segments: their lines, their checksums and their indexes, even if an
 * index is not written yet.
 */
uint64_t journal_size(const struct disk_journal *disk);

/*
 * Returns the size at which the active segment is full: a part of options.max_bytes, or 0 if that
 * is 0 (no limit).
 */
uint64_t journal_size_share(const struct disk_journal *disk);

/*
 * Returns true if the journal is larger than max_bytes, or will be when the active segment is full.
 * If max_bytes is 0, returns false.
 */
bool journal_size_exceeds(const struct disk_journal *disk, uint64_t max_bytes);

#endif
