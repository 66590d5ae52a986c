#ifndef SERVE_JOURNAL_PERIODIC_H
#define SERVE_JOURNAL_PERIODIC_H

#include "serve/journal/state.h"

/* Starts the timer of a journal, which syncs, checks the disk and applies the retention limits. */
void periodic_start(struct disk_journal *disk);

#endif
