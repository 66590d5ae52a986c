#ifndef SERVE_JOURNAL_DISK_JOURNAL_H
#define SERVE_JOURNAL_DISK_JOURNAL_H

#include <uv.h>

#include "chat/err.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"

/*
 * The journal of a server with --journal: a directory of segment files (chat-journal(5)). Only the
 * newest segment grows. The messages of one tick are appended with one write(2) if they fit into
 * one batch (group_commit.c).
 */

/* Creates the directory, if it does not exist. Returns 0, or -1 with CHAT_CANNOT_CREATE. */
int disk_journal_make_dir(const char *dir, struct chat_err *err);

/*
 * Creates and locks the directory, and recovers its segments (recovery.h). options->dir must
 * outlive the journal. Returns a struct disk_journal (state.h); or NULL with CHAT_TRY_LATER if
 * another server uses the directory, with CHAT_BAD_MESSAGE if the segments are damaged, or with
 * another code.
 */
struct journal *disk_journal_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err);

#endif
