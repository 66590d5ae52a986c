#ifndef LISTEN_CURSOR_H
#define LISTEN_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"

/*
 * A file that says how far was listened: a line {"url":…,"since":…} for each URL. It is replaced as
 * a whole, never half written, and never ahead of what was printed.
 */
struct cursor_entry {
	char *url;
	char *since;
};

struct cursor {
	const char *path; /* NULL: there is no file; borrowed */
	struct cursor_entry *entries;
	size_t count;
	bool changed; /* since it was saved */
};

/* Reads it where it is there. -1: CHAT_CANNOT_OPEN, also for a file that is something else. */
int cursor_open(struct cursor *cursor, const char *path, struct chat_err *err);
void cursor_close(struct cursor *cursor);

/* The id to go on after, NULL: none. */
const char *cursor_find(const struct cursor *cursor, const char *url);

void cursor_set(struct cursor *cursor, const char *url, const char *since);

/* Replaces the file. -1: CHAT_CANNOT_CREATE. */
int cursor_save(struct cursor *cursor, struct chat_err *err);

#endif
