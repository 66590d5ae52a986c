#ifndef LISTEN_SAVE_H
#define LISTEN_SAVE_H

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"

/*
 * Saves the files of messages in one directory: with a plain name, without replacing a file or
 * following a link, and complete or not at all.
 */
struct saver {
	const char *path; /* of the directory, borrowed */
	int fd; /* of the directory */
};

/* Opens the directory, and creates it if needed. Returns 0, or -1 with CHAT_CANNOT_CREATE. */
int saver_open(struct saver *saver, const char *path, struct chat_err *err);
void saver_close(struct saver *saver);

/*
 * Saves the file of a message. Returns 1 and replaces out by the line of the message, with `path`
 * in place of `data`; or 0 if there is no file in it; or -1 with CHAT_BAD_MESSAGE if the size is
 * not that of the data, CHAT_CANNOT_CREATE or CHAT_IO_ERROR.
 */
int saver_save(const struct saver *saver, const struct chat_msg *msg, struct chat_span line,
	struct chat_buf *out, struct chat_err *err);

#endif
