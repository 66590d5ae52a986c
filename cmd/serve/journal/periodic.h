#ifndef SERVE_JOURNAL_PERIODIC_H
#define SERVE_JOURNAL_PERIODIC_H

#include "serve/journal/state.h"

/* Starts the timer of a journal, which starts syncs, checks the files and runs retention. */
void periodic_start(struct disk_journal *disk);

#endif
