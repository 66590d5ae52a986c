#ifndef SERVE_SESSION_CATCHUP_H
#define SERVE_SESSION_CATCHUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/util/fair_queue.h"

/*
 * Who has come with `since` and is on the way to the present: members that are sent the past page
 * by page (channel/since.h), the next one when the last has left the queue; and who has come
 * without it to a channel whose newest messages are in the journal alone. What that costs is
 * bounded and shared fairly: the bytes that are handed out in a turn of the loop, and the readings
 * of the journal at a time, by the address, and within one by the connection.
 */
struct session;
struct page;
struct since_point;
struct catchup_reader;
struct server;

struct catchup {
	struct server *server;
	struct fair_queue wanting; /* readers that want their next page */
	struct fair_queue reading; /* those of them for whom a page is to be read */
	uint32_t reads; /* under way */
	struct catchup_tail *tails; /* utlist */
	size_t readers;
	int64_t turn_bytes; /* to be handed out before the next turn */
	uint64_t handed; /* pages, ever */
	uv_idle_t idle; /* keeps the loop turning while somebody wants */
};

#define CATCHUP_TURN_BYTES ((int64_t)1 << 20)
#define CATCHUP_READS 2 /* of the four that libuv could do: the loop needs a core, too */

/* server->loop is there. */
void catchup_open(struct catchup *catchup, struct server *server);

/* No session is left. */
void catchup_close(struct catchup *catchup);

/* The session has just become a member, and says that it has seen this. */
void catchup_enter(struct session *session, const struct since_point *since);

/* The session has just become a member, and wants the newest messages. */
void catchup_enter_newest(struct session *session);

/* The session goes; nothing, if it is no reader. */
void catchup_leave(struct session *session);

/* Its queue is empty. */
void catchup_emptied(struct session *session);

/* In the tick, before connections are flushed: hands out pages. */
void catchup_turn(struct catchup *catchup);

/* At its end: keeps the loop turning, if there is more to hand out. */
void catchup_rest(struct catchup *catchup);

#endif
