#ifndef SERVE_CHANNEL_RESTORE_H
#define SERVE_CHANNEL_RESTORE_H

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/journal/state.h"

/*
 * The channels become what they were: the newest messages of every channel, and the nonces of the
 * last minutes. channels are new, their limits set; the journal is newly opened. bad_message: a
 * line is not what was written.
 */
int channels_restore(struct channels *channels, struct disk_journal *disk, struct chat_err *err);

#endif
