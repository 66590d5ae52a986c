#ifndef LISTEN_CURSOR_H
#define LISTEN_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "wire/url_list.h"

/*
 * The file of --cursor-file. It has one line {"url":…,"since":…} for each URL; `since` is the
 * id of the last message that was written, or, with --exec, that the command has finished with. A
 * channel with a list of URLs has the same `since` for each of them, so that the next run finds it
 * if the list is in another order, or longer or shorter. The file is replaced by rename(2), so it
 * is never half written.
 */
struct cursor_entry {
	char *url; /* owned */
	char *since; /* an id of a message; owned */
};

struct cursor {
	const char *path; /* borrowed; NULL: no --cursor-file */
	struct cursor_entry *entries; /* those of the latest run are the last ones */
	size_t count;
	bool changed; /* the entries differ from the file */
};

/*
 * Reads the file; there are no entries if it does not exist. path is borrowed. Returns 0, or -1
 * with CHAT_CANNOT_OPEN if it cannot be read or is no cursor file. cursor_close() frees the entries
 * in both cases.
 */
int cursor_open(struct cursor *cursor, const char *path, struct chat_err *err);
void cursor_close(struct cursor *cursor);

/*
 * Returns the id for a channel, or NULL. It is valid until the next cursor_set(). If the URLs of
 * the list have different ids, because an earlier run had only some of them, the latest run wins.
 */
const char *cursor_begin(struct cursor *cursor, const struct chat_url_list *urls);

/* Sets the id for a channel, which is copied. */
void cursor_set(struct cursor *cursor, const struct chat_url_list *urls, const char *since);

/* Replaces the file and clears changed. Returns 0, or -1 with CHAT_CANNOT_CREATE. */
int cursor_save(struct cursor *cursor, struct chat_err *err);

#endif
