#ifndef SERVE_JOURNAL_REMOVED_MESSAGES_H
#define SERVE_JOURNAL_REMOVED_MESSAGES_H

#include <stdbool.h>

#include "serve/journal/removed_file.h"
#include "serve/journal/state.h"

/* Writes the file `removed`: what was removed of each channel, and which segments are missing. */
void removed_messages_write(struct disk_journal *disk);

/*
 * Takes over what the file said when the server started, if it fits to the segments, which are all
 * open; writes it again if it does not say all that is known. removed: what was read, which may be
 * nothing. all_there: no segment is missing.
 */
void removed_messages_load(
	struct disk_journal *disk, const struct removed_file *removed, bool all_there);

#endif
