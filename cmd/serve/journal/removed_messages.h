#ifndef SERVE_JOURNAL_REMOVED_MESSAGES_H
#define SERVE_JOURNAL_REMOVED_MESSAGES_H

#include <stdbool.h>

#include "serve/journal/removed_file.h"
#include "serve/journal/state.h"

/* Writes the file `removed` from the current state. A failure is reported once. */
void removed_messages_write(struct disk_journal *disk);

/*
 * Records the removed messages that the file `removed` names, if it belongs to the segments, which
 * must all be open. Writes the file again if it is incomplete. removed: the content of the file;
 * empty if there is none. all_there: no segment is missing.
 */
void removed_messages_load(
	struct disk_journal *disk, const struct removed_file *removed, bool all_there);

#endif
