#ifndef SERVE_CHANNEL_RESTORE_H
#define SERVE_CHANNEL_RESTORE_H

#include <stddef.h>

#include "chat/err.h"

/*
 * Restores what the channels had in memory before the server stopped: the newest messages of every
 * channel, and the nonces of the last minutes. sets: the channels of each loop (channel_loop());
 * each must be empty, with the limits of the whole server; the journal must be open and unused.
 * Returns 0, or -1: with bad_message if a line of the journal is not as it was written, with
 * another code if a file cannot be read.
 */
struct channels;
struct disk_journal;

int channels_restore(struct channels *const *sets, size_t loops, struct disk_journal *disk,
	struct chat_err *err);

#endif
