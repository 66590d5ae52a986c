#ifndef SERVE_JOURNAL_RETENTION_H
#define SERVE_JOURNAL_RETENTION_H

#include "serve/journal/state.h"

/*
 * Removes closed segments that the limits of size, age or messages do not allow, unless a channel's
 * history needs them. Removes needed ones, too, if the journal is twice as large as
 * options.max_bytes.
 */
void retention_run(struct disk_journal *disk);

#endif
