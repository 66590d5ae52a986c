#ifndef SERVE_URL_FILE_H
#define SERVE_URL_FILE_H

#include <stdbool.h>

#include "chat/err.h"

/*
 * A file that says at which URL this server answers, as long as it does. It is there whole or not
 * at all, never in the place of something that is not a regular file, and what another server put
 * there meanwhile is left alone.
 */
struct url_file {
	const char *path; /* NULL: there is none; borrowed */
	char *temporary; /* what it is called until it is written; NULL: it has its name */
	int fd; /* open for as long as it is ours; -1: it is not */
};

/*
 * Makes it, under a name that nobody knows beforehand, and takes one away that an earlier server
 * left. early: what comes later may not be allowed to rename; it gets its name at once, and is
 * empty until it is written. -1: CHAT_CANNOT_CREATE.
 */
int url_file_open(struct url_file *file, const char *path, bool early, struct chat_err *err);

/* Writes the URL and a newline, and gives the file its name. -1: CHAT_IO_ERROR. */
int url_file_write(struct url_file *file, const char *url, struct chat_err *err);

/* Takes it away, or empties it where that is not allowed. -1: CHAT_IO_ERROR, it is still there. */
int url_file_close(struct url_file *file, struct chat_err *err);

#endif
