#ifndef SERVE_JOURNAL_JOURNAL_SIZE_H
#define SERVE_JOURNAL_JOURNAL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/journal/state.h"

/* Returns the bytes of all segment files, those of indexes included that are not written yet. */
uint64_t journal_size(const struct disk_journal *disk);

/*
 * Returns the bytes that the active segment may have where the journal has a limit of bytes; 0:
 * there is none.
 */
uint64_t journal_size_share(const struct disk_journal *disk);

/*
 * Returns true if the journal will have more than max_bytes once the active segment has its share.
 * max_bytes 0: always false.
 */
bool journal_size_exceeds(const struct disk_journal *disk, uint64_t max_bytes);

#endif
