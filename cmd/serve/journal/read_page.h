#ifndef SERVE_JOURNAL_READ_PAGE_H
#define SERVE_JOURNAL_READ_PAGE_H

#include "serve/journal/journal.h"

/* Reads a page of a channel's history on a worker thread (journal_kind.read_page). */
void read_page_start(struct journal *journal, struct journal_page_read *read);

#endif
