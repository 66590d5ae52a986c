#ifndef SERVE_JOURNAL_READ_NEWEST_H
#define SERVE_JOURNAL_READ_NEWEST_H

#include "serve/journal/journal.h"

/* Reads the newest messages of a channel on a worker thread (journal_kind.read_newest). */
void read_newest_start(struct journal *journal, struct journal_newest_read *read);

#endif
