#ifndef SERVE_JOURNAL_SHARED_JOURNAL_H
#define SERVE_JOURNAL_SHARED_JOURNAL_H

#include <stddef.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"

/*
 * One journal on the disk for the channels of several loops. Each loop has a part, which is a
 * journal to it. The loop of part 0 owns the files. The messages of all parts go through one queue,
 * which gives them their numbers; part 0 takes them from there in this order at its commits, and
 * tells each part what became of its messages. It also reads for all.
 *
 * The files are those of a server with one loop, so the number of loops may change with each start.
 */
struct shared_journal;
struct disk_journal;

/* Makes one for so many loops, without its files. Never returns NULL. */
struct shared_journal *shared_journal_new(size_t loops);

/*
 * Returns the part of a loop, which then calls its functions, and is called by it. To be called for
 * each loop before its thread starts. The last calls are those of kind->settle and kind->close,
 * when the threads have ended: kind->settle of part 0 first, then those of the others before and
 * after their loops are closed, then kind->close of part 0.
 */
struct journal *shared_journal_part(struct shared_journal *shared, size_t number, uv_loop_t *loop,
	const struct journal_events *events, void *arg);

/* Opens the files, on the loop of part 0, whose events.warn is called on any thread. Returns 0, or
 * -1: then no function of a part may be called, except kind->settle and kind->close. */
int shared_journal_open(
	struct shared_journal *shared, const struct journal_options *options, struct chat_err *err);

/* Returns the journal on the disk, for channel/restore.c. */
struct disk_journal *shared_journal_disk(const struct shared_journal *shared);

/* Frees it, after all parts were closed. Does nothing if it is NULL. */
void shared_journal_free(struct shared_journal *shared);

#endif
