#ifndef SERVE_JOURNAL_SYNC_RESULT_H
#define SERVE_JOURNAL_SYNC_RESULT_H

#include "serve/journal/sync_thread.h"

/*
 * Takes the result of a job of the sync thread, on the loop: closes the segments that got their
 * index, and reports the batch that was synced as durable, or takes it back and reports it as
 * failed. arg: the struct disk_journal.
 */
void sync_result_apply(void *arg, struct sync_job *job);

#endif
