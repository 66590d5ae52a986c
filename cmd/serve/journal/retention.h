#ifndef SERVE_JOURNAL_RETENTION_H
#define SERVE_JOURNAL_RETENTION_H

#include "serve/journal/state.h"

/* Removes closed segments that are over the limits of size, age or messages, and not needed. */
void retention_run(struct disk_journal *disk);

#endif
