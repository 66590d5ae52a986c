#ifndef SEND_UPLOAD_H
#define SEND_UPLOAD_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "client/draft.h"

/*
 * A file on its way into a message. It is read without blocking where it is a pipe.
 */
struct upload {
	int fd; /* -1: closed */
	const char *path; /* borrowed; "-": stdin */
	const char *name; /* as receivers see it; borrowed */
	const char *mime; /* NULL: by its content */
	struct chat_buf bytes;
	bool ended; /* all of it is in bytes */
};

/* name NULL: the path's last part. -1: CHAT_CANNOT_OPEN, CHAT_USAGE for a name that is none. */
int upload_open(struct upload *upload, const char *path, const char *name, const char *mime,
	struct chat_err *err);
void upload_close(struct upload *upload);

/* Reads once. -1: CHAT_CANNOT_OPEN (it cannot be read, or is larger than any message). */
int upload_fill(struct upload *upload, struct chat_err *err);

/* The message, when it has ended. -1: CHAT_BAD_MESSAGE for an empty file. */
int upload_draft(struct upload *upload, struct draft *draft, struct chat_err *err);

#endif
