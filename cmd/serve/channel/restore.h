#ifndef SERVE_CHANNEL_RESTORE_H
#define SERVE_CHANNEL_RESTORE_H

#include "chat/err.h"

/*
 * Brings back what the channels had in memory before the server stopped: the newest messages of
 * every channel, and the nonces of the last minutes. The channels are new, with their limits set;
 * the journal was just opened. Returns -1 with bad_message if a line of the journal is not what was
 * written there.
 */
struct channels;
struct disk_journal;

int channels_restore(struct channels *channels, struct disk_journal *disk, struct chat_err *err);

#endif
