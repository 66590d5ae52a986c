#ifndef SERVE_CHANNEL_ROSTER_H
#define SERVE_CHANNEL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The users of one channel. A user is an id with a username. It may have several connections, and
 * some of them may be hidden. It is present while it has a connection that is not hidden, and
 * during the grace time after that (leavers.h). So a script that connects again and again stays
 * present.
 */
struct leaver;

struct user {
	struct user *next, *prev; /* in roster->first; valid if the user is present */
	const char *id; /* in `bytes`, as name and name_json; with a NUL */
	const char *name; /* decoded, without a NUL; may point into name_json */
	const char *name_json; /* as a JSON string, with quotes and a NUL */
	uint32_t id_len, name_len, name_json_len;
	uint32_t conns; /* the number of its connections */
	uint32_t shown; /* the number of its connections that are not hidden */
	uint32_t remote : 30; /* the number of other servers of the cluster where it is present */
	/* It is in the list of users, and was announced as online unless there is a crowd. */
	bool present : 1;
	bool reserved : 1; /* it is the server's own user, which is kept without connections */
	struct leaver *leaver; /* NULL: the user is not in its grace time */
	/* Unix time of its last message, or of its last join that is not hidden. */
	int64_t active_ms;
	int64_t since_ms; /* Unix time since which it is present; valid if shown or remote is not 0
			   */
	char bytes[];
};

/* Zeroed memory is a valid empty roster. */
struct roster {
	void *by_id, *by_name; /* trees of tsearch(3) */
	size_t count; /* the number of all users */
	struct user *first; /* utlist of the present users, in the order of their arrival */
	size_t present; /* the number of present users */
	size_t bytes; /* memory of all users */
};

/* Frees all users. No user may be in its grace time. */
void roster_free(struct roster *roster);

/*
 * Returns the user with this id and name; adds the user if there is none. Returns NULL with
 * id_taken if the id has another name here, or with username_taken if the name belongs to another
 * id. err may be NULL.
 */
struct user *roster_claim(
	struct roster *roster, struct chat_span id, struct chat_span name, struct chat_err *err);

/* Return the user with this id, or with this name; NULL if there is none. */
struct user *roster_find_id(struct roster *roster, struct chat_span id);
struct user *roster_find_name(struct roster *roster, struct chat_span name);

/* Returns one of the users, or NULL if there is none. */
struct user *roster_any(const struct roster *roster);

/* Add a user to the list of present users, or remove it. Each sets user->present. */
void roster_show(struct roster *roster, struct user *user);
void roster_hide(struct roster *roster, struct user *user);

/* Frees a user. It must have no connections, be on no other server, and must not be in its grace
 * time. */
void roster_remove(struct roster *roster, struct user *user);

#endif
