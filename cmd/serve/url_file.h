#ifndef SERVE_URL_FILE_H
#define SERVE_URL_FILE_H

#include <stdbool.h>

#include "chat/err.h"

/*
 * --url-file: a file with the URL of this server, as long as the server answers at that URL. The
 * file is complete or absent; with --user it may be empty before it is complete. It replaces only a
 * regular file. A file that another server has put in its place is not removed.
 */
struct url_file {
	const char *path; /* borrowed; NULL without --url-file */
	char *temporary; /* its name until it is written; NULL: it has its final name */
	int fd; /* of the file; -1 if it is not open */
};

/*
 * Makes the file under a random name, and removes one that an earlier server has left. early: the
 * process may not be allowed to rename later, so that the file gets its final name at once and is
 * empty until it is written. Does nothing if path is NULL. Returns 0, or -1 with
 * CHAT_CANNOT_CREATE.
 */
int url_file_open(struct url_file *file, const char *path, bool early, struct chat_err *err);

/* Writes the URL and a newline, and gives the file its final name. Returns 0, or -1 with
 * CHAT_IO_ERROR. */
int url_file_write(struct url_file *file, const char *url, struct chat_err *err);

/* Removes the file, or empties it if it may not be removed. Returns 0, or -1 with CHAT_IO_ERROR
 * if neither is possible. */
int url_file_close(struct url_file *file, struct chat_err *err);

#endif
