#ifndef SERVE_CHANNEL_ROSTER_H
#define SERVE_CHANNEL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The users of one channel. A user is an id with a username. It may have many connections, some of
 * them hidden. It is present while it has one that is not hidden, and for the grace time after that
 * (leavers.h): a script that connects again and again stays present.
 */
struct leaver;

struct user {
	struct user *next, *prev; /* in roster->first, while it is present */
	const char *id; /* in bytes, as the next two; with a NUL */
	const char *name; /* decoded; may lie inside name_json, without a NUL */
	const char *name_json; /* as a JSON string, with quotes */
	uint32_t id_len, name_len, name_json_len;
	uint32_t conns; /* how many connections it has */
	uint32_t shown; /* how many of them are not hidden */
	bool present; /* it is in the list of users, and was announced unless there is a crowd */
	bool reserved; /* the server's own user, which is never forgotten */
	struct leaver *leaver; /* NULL: it is not in its grace time */
	int64_t active_ms; /* Unix time when it last posted a message or joined */
	char bytes[];
};

/* Zeroed memory is a valid empty roster. */
struct roster {
	void *by_id, *by_name; /* trees of tsearch(3) */
	size_t count; /* of all users */
	struct user *first; /* utlist: the present ones, in the order of their coming */
	size_t present; /* how many those are */
	size_t bytes; /* of memory, for all users */
};

/* Frees all users. None is in its grace time. */
void roster_free(struct roster *roster);

/*
 * Returns the user of this id and name, made if it is new. Returns NULL with username_taken if the
 * name belongs to another id, or with id_taken if the id is here under another name. err may be
 * NULL.
 */
struct user *roster_claim(
	struct roster *roster, struct chat_span id, struct chat_span name, struct chat_err *err);

/* Return the user of this id, or of this name; NULL if there is none. */
struct user *roster_find_id(struct roster *roster, struct chat_span id);
struct user *roster_find_name(struct roster *roster, struct chat_span name);

/* Returns any one of the users, or NULL if there is none. */
struct user *roster_any(const struct roster *roster);

/* Put a user on the list of those present, or take it off. */
void roster_show(struct roster *roster, struct user *user);
void roster_hide(struct roster *roster, struct user *user);

/* Frees a user, who has no connections. */
void roster_remove(struct roster *roster, struct user *user);

#endif
