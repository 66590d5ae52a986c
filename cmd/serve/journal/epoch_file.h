#ifndef SERVE_JOURNAL_EPOCH_FILE_H
#define SERVE_JOURNAL_EPOCH_FILE_H

#include <stdint.h>

#include "chat/err.h"

/*
 * The file `epoch` has the epoch of the last start. Ids begin with it. A loss of power may take all
 * messages of an epoch; if the clock is set back then, the next server would use it again, and
 * give other messages the same ids.
 */

/* Returns the epoch in the file, or 0 if there is none or it is damaged. */
uint64_t epoch_file_read(int dir_fd);

/* Replaces the file, and syncs it. The directory must be synced after it. Returns 0, or -1. */
int epoch_file_write(int dir_fd, uint64_t epoch, struct chat_err *err);

#endif
