#ifndef SERVE_SESSION_CATCHUP_H
#define SERVE_SESSION_CATCHUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/util/fair_queue.h"

/*
 * Who has come with `since` and is on the way to the present: members that are sent the past page
 * by page (room_past.h), the next one when the last has left the queue; and who has come without it
 * to a channel whose newest messages are in the journal alone. What that costs is bounded
 * and shared fairly: the bytes that are handed out in a turn of the loop, and the readings of the
 * journal at a time, by the address, and within one by the connection.
 */
struct guest;
struct page;
struct past_since;
struct past_reader;
struct server;

struct past {
	struct server *server;
	struct fair wanting; /* readers that want their next page */
	struct fair reading; /* those of them for whom a page is to be read */
	uint32_t reads; /* under way */
	struct past_tail *tails; /* utlist */
	size_t readers;
	int64_t turn_bytes; /* to be handed out before the next turn */
	uint64_t handed; /* pages, ever */
	uv_idle_t idle; /* keeps the loop turning while somebody wants */
};

#define PAST_TURN_BYTES ((int64_t)1 << 20)
#define PAST_READS 2 /* of the four that libuv could do: the loop needs a core, too */

/* server->loop is there. */
void past_open(struct past *past, struct server *server);

/* No guest is left. */
void past_close(struct past *past);

/* The guest has just become a member, and says that it has seen this. */
void past_enter(struct guest *guest, const struct past_since *since);

/* The guest has just become a member, and wants the newest messages. */
void past_enter_newest(struct guest *guest);

/* The guest goes; nothing, if it is no reader. */
void past_leave(struct guest *guest);

/* Its queue is empty. */
void past_emptied(struct guest *guest);

/* In the tick, before connections are flushed: hands out pages. */
void past_turn(struct past *past);

/* At its end: keeps the loop turning, if there is more to hand out. */
void past_rest(struct past *past);

#endif
