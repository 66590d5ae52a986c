#ifndef LISTEN_CURSOR_H
#define LISTEN_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"

/*
 * The file of --cursor-file: a line {"url":…,"since":…} for each channel, with the id of the last
 * message that was printed. It is replaced as a whole, so that it is never written in part.
 */
struct cursor_entry {
	char *url; /* owned */
	char *since; /* the id of the last message; owned */
};

struct cursor {
	const char *path; /* NULL: there is no file; borrowed */
	struct cursor_entry *entries;
	size_t count;
	bool changed; /* it differs from the file */
};

/*
 * Reads the file if it exists; path is borrowed. Returns 0, or -1 with CHAT_CANNOT_OPEN, also if it
 * is no cursor file.
 */
int cursor_open(struct cursor *cursor, const char *path, struct chat_err *err);
void cursor_close(struct cursor *cursor);

/* Returns the id of the last message of a channel, or NULL. */
const char *cursor_find(const struct cursor *cursor, const char *url);

/* Sets the id of the last message of a channel. */
void cursor_set(struct cursor *cursor, const char *url, const char *since);

/* Replaces the file. Returns 0, or -1 with CHAT_CANNOT_CREATE. */
int cursor_save(struct cursor *cursor, struct chat_err *err);

#endif
