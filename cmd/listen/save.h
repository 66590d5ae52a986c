#ifndef LISTEN_SAVE_H
#define LISTEN_SAVE_H

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"

/*
 * Files out of messages into one directory: base names only, nothing overwritten, no link followed,
 * whole or not at all.
 */
struct saver {
	const char *path; /* of the directory, borrowed */
	int fd; /* of it */
};

/* Makes the directory where it is missing. -1: CHAT_CANNOT_CREATE. */
int saver_open(struct saver *saver, const char *path, struct chat_err *err);
void saver_close(struct saver *saver);

/*
 * Saves the file of a message that has one, and puts the message's line into out, with `path` in
 * the place of the file's `data`. 1: done; 0: there is no file in it (out is untouched); -1: it
 * cannot be saved: CHAT_BAD_MESSAGE for a size that is not the data's, CHAT_CANNOT_CREATE,
 * CHAT_IO_ERROR.
 */
int saver_save(const struct saver *saver, const struct chat_msg *msg, struct chat_span line,
	struct chat_buf *out, struct chat_err *err);

#endif
