#ifndef SERVE_JOURNAL_DISK_JOURNAL_H
#define SERVE_JOURNAL_DISK_JOURNAL_H

#include <uv.h>

#include "chat/err.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"

/*
 * The journal of a server with --journal: a directory of segment files, of which the newest grows
 * (chat-journal(5)). The messages of one tick are appended with one write(2).
 */

/* Creates the directory of a journal, unless it exists. Returns 0, or -1 with CHAT_CANNOT_CREATE.
 */
int disk_journal_make_dir(const char *dir, struct chat_err *err);

/*
 * Creates the directory, locks it, checks its segments (recovery.h) and gets ready to append.
 * Returns a struct disk_journal (state.h), or NULL: with CHAT_TRY_LATER where another server has
 * the directory, with CHAT_BAD_MESSAGE where a line in the middle is damaged.
 */
struct journal *disk_journal_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err);

#endif
