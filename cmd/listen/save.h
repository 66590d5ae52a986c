#ifndef LISTEN_SAVE_H
#define LISTEN_SAVE_H

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "text/buf.h"

/*
 * Saves the files of messages in one directory. A file gets a safe name, replaces no other file,
 * follows no link, and is saved completely or not at all.
 */
struct saver {
	const char *path; /* the directory; borrowed */
	int fd; /* the open directory */
};

/*
 * Opens the directory; creates it if it does not exist. Returns 0, or -1 with CHAT_CANNOT_CREATE.
 */
int saver_open(struct saver *saver, const char *path, struct chat_err *err);
void saver_close(struct saver *saver);

/*
 * Saves the file of a message. Returns 1 and replaces the content of out with the line of the
 * message, with `path` in place of `data`. Returns 0 if it is no `message` with a file that has a
 * name, a size and data. Returns -1 with CHAT_BAD_MESSAGE if the size is not that of the data, or
 * CHAT_CANNOT_CREATE or CHAT_IO_ERROR.
 */
int saver_save(const struct saver *saver, const struct chat_msg *msg, struct chat_span line,
	struct chat_buf *out, struct chat_err *err);

#endif
