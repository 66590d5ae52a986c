#ifndef SERVE_JOURNAL_SYNC_RESULT_H
#define SERVE_JOURNAL_SYNC_RESULT_H

#include "serve/journal/sync_thread.h"

/*
 * Handles the result of a job of the sync thread, on the loop's thread: closes the segments with a
 * new index file. With JOURNAL_SYNC_ALWAYS, reports the synced batch as durable, or removes it from
 * the segment and reports it as failed. arg: the struct disk_journal.
 */
void sync_result_apply(void *arg, struct sync_job *job);

#endif
