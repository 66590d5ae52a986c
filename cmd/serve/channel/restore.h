#ifndef SERVE_CHANNEL_RESTORE_H
#define SERVE_CHANNEL_RESTORE_H

#include "chat/err.h"

/*
 * Restores what the channels had in memory before the server stopped: the newest messages of every
 * channel, and the nonces of the last minutes. `channels` must be empty, with its limits set; the
 * journal must be open and unused. Returns 0, or -1: with bad_message if a line of the journal is
 * not as it was written, with another code if a file cannot be read.
 */
struct channels;
struct disk_journal;

int channels_restore(struct channels *channels, struct disk_journal *disk, struct chat_err *err);

#endif
