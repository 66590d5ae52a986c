#ifndef SERVE_SESSION_CATCHUP_H
#define SERVE_SESSION_CATCHUP_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/channel/since.h"
#include "serve/net/address.h"
#include "serve/session/catchup_read.h"
#include "serve/util/fair_queue.h"

/*
 * Catch-up: members that are sent the past before they are live. A member that joined with `since`
 * gets it page by page (channel/since.h), the next page when the last one has left its send queue.
 * A member that joined without it gets the newest messages, which may have to be read from the
 * journal first. Both the bytes that one turn of the loop hands out and the reads of the journal
 * that run at a time are limited, and shared fairly between addresses, and within an address
 * between connections.
 */
struct catchup_reader;

struct catchup {
	struct catchup_reads reads;
	struct fair_queue wanting; /* readers that want their next page */
	struct fair_queue reading; /* those of them that wait for a read to begin */
	size_t readers; /* members that catch up now */
	int64_t turn_bytes; /* may still be handed out in this turn */
	uint64_t pages_sent; /* since the start of the server */
	uv_idle_t idle; /* keeps the loop turning while a reader wants a page */
};

#define CATCHUP_TURN_BYTES ((int64_t)1 << 20)

/* Prepares catch-up on a loop. page_max_bytes limits the messages of one page. */
void catchup_open(
	struct catchup *catchup, uv_loop_t *loop, struct channels *channels, size_t page_max_bytes);

/* Frees what is left. No member is there any more. */
void catchup_close(struct catchup *catchup);

/*
 * Begins to send a member, which has just joined, what follows `since`; or the newest messages. The
 * pages count for the address. While that goes on *place, which is NULL before, is the member's
 * state; it becomes NULL when the member is live, perhaps before this returns.
 */
void catchup_begin(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place, const struct since_point *since);
void catchup_begin_newest(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place);

/* Ends it early, because the member goes. Does nothing where reader is NULL. */
void catchup_end(struct catchup_reader *reader);

/* The member's send queue is empty: it wants the next page. Does nothing where reader is NULL. */
void catchup_continue(struct catchup_reader *reader);

/* Hands out pages. Part of the tick, before connections are flushed. */
void catchup_turn(struct catchup *catchup);

/* Keeps the loop turning where there is more to hand out. Part of the tick, at its end. */
void catchup_end_turn(struct catchup *catchup);

#endif
