#ifndef VALIDATE_BLOCK_H
#define VALIDATE_BLOCK_H

#include <stdbool.h>

#include "chat/err.h"
#include "text/line.h"
#include "validate/check.h"

/*
 * Reads the next block of lines. The block is valid until the next call. regular: the input is a
 * regular file, so reading does not wait. Else all writers of the check are flushed before it
 * waits. Returns 1, or 0 at the end of the input, or -1 with CHAT_IO_ERROR.
 */
int block_read(struct block *block, struct check *check, struct chat_lines *input, bool regular,
	struct chat_err *err);

#endif
