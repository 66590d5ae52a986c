#ifndef SERVE_GUEST_H
#define SERVE_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "serve/address.h"
#include "serve/conn.h"
#include "serve/room.h"

/*
 * A peer's conversation with the server: what its messages mean. It ties a connection to a place in
 * a room: init makes it a member, text and file are said there, everything else is an error.
 */
struct server;
struct resume;

struct guest {
	struct conn conn; /* first: a conn's event is its guest's */
	struct member member;
	struct server *server;
	struct room *lobby; /* the room it asked for and has not joined yet */
	struct address *address; /* counted there; NULL: not counted */
	struct guest *next_init, *prev_init; /* those that owe an init, oldest first */
	int64_t errors_ms; /* the window of bad messages began */
	uint32_t errors; /* in it */
	bool owes_init;
	struct resume *resume; /* its past is being read; NULL: it is not */
};

/* The events of the connections of all guests. */
extern const struct conn_events guest_events;

/* A guest for an accepted socket, in TLS unless tls is NULL; it frees itself when the connection
 * ends. */
void guest_start(struct server *server, int fd, struct tls *tls, struct address *address);

/* Sends an error about nothing in particular, and closes if it is fatal (code 1001, 1008, …). */
void guest_shut(struct guest *guest, enum chat_code code, const char *text, uint16_t close_code);

/* Makes it a member of the room it asked for, or says why not. */
void guest_join(struct guest *guest, const struct room_join *join);

/* Acts on a message of its peer. */
void guest_hear(struct guest *guest, struct chat_span text);

/* Ends those whose init is overdue. */
void guest_sweep(struct server *server);

#endif
