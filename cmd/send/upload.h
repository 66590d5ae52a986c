#ifndef SEND_UPLOAD_H
#define SEND_UPLOAD_H

#include <stdbool.h>

#include "chat/err.h"
#include "client/draft.h"
#include "text/buf.h"

/* A file of --file, which becomes a message. The poll loop reads it, because it may be a pipe. */
struct upload {
	int fd; /* -1: closed */
	const char *path; /* "-": stdin; borrowed */
	const char *name; /* for receivers; borrowed */
	const char *mime; /* the media type; NULL: it is found by the content; borrowed */
	struct chat_buf bytes;
	bool ended; /* the whole file is in bytes */
};

/*
 * Opens a file. name NULL: the last part of the path. Returns 0, or -1 with CHAT_CANNOT_OPEN, or
 * CHAT_USAGE for an invalid name.
 */
int upload_open(struct upload *upload, const char *path, const char *name, const char *mime,
	struct chat_err *err);
void upload_close(struct upload *upload);

/* Reads once. Returns 0, or -1 with CHAT_CANNOT_OPEN if it cannot be read or is too large. */
int upload_fill(struct upload *upload, struct chat_err *err);

/* Makes a draft when the file has ended. Returns 0, or -1 with CHAT_BAD_MESSAGE if it is empty. */
int upload_draft(struct upload *upload, struct draft *draft, struct chat_err *err);

#endif
