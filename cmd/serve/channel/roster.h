#ifndef SERVE_CHANNEL_ROSTER_H
#define SERVE_CHANNEL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The users of one channel. A user is an id with a username; it may have many connections, and some
 * of them hidden. It is present while it has one that is not, and stays for a moment after the
 * last (channel.h: the grace), so that a script that comes and goes does not flicker.
 */
struct leaver;

struct user {
	struct user *next, *prev; /* present ones, in the order of their coming */
	const char *id; /* NUL-terminated; all three in the user's own memory */
	const char *name; /* decoded; may lie inside name_json, without a NUL */
	const char *name_json; /* as a JSON string, with quotes */
	uint32_t id_len, name_len, name_json_len;
	uint32_t conns; /* all connections */
	uint32_t shown; /* those not hidden */
	bool present; /* announced (or would have been, in a small channel) */
	bool reserved; /* the server's own: never leaves */
	struct leaver *leaver; /* its absence waits to be announced; NULL: it is not leaving */
	int64_t active_ms; /* Unix time of its last message or arrival */
	char bytes[];
};

struct roster {
	void *by_id, *by_name; /* trees of tsearch(3) */
	size_t count;
	struct user *first; /* those present (utlist: first->prev is the last) */
	size_t present;
	size_t bytes; /* of memory, all users together */
};

void roster_free(struct roster *roster);

/*
 * The user of this id and name, made if it is new. NULL: the name belongs to another id
 * (username_taken), or the id is here under another name (id_taken).
 */
struct user *roster_claim(
	struct roster *roster, struct chat_span id, struct chat_span name, struct chat_err *err);

/* Who holds this id or this name, or NULL. */
struct user *roster_find_id(struct roster *roster, struct chat_span id);
struct user *roster_find_name(struct roster *roster, struct chat_span name);

/* One of the users; NULL where there is none. */
struct user *roster_any(const struct roster *roster);

/* Puts it on, or takes it off, the list of those present. */
void roster_show(struct roster *roster, struct user *user);
void roster_hide(struct roster *roster, struct user *user);

/* Forgets a user without connections. */
void roster_remove(struct roster *roster, struct user *user);

#endif
