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
 * journal first. The bytes that are sent in one turn of the loop and the reads of the journal that
 * run at a time are limited. They are shared fairly between addresses, and between the connections
 * of one address.
 */
struct catchup_reader;

struct catchup {
	struct catchup_reads reads;
	struct fair_queue wanting; /* readers that want their next page */
	struct fair_queue reading; /* readers that wait until a read of the journal can begin */
	struct catchup_reader *ahead; /* utlist: readers that wait for what they have seen */
	size_t readers; /* members that catch up now */
	int64_t turn_bytes; /* that may still be sent in this turn */
	uint64_t pages_sent; /* since the start of the server */
	size_t loop; /* the number of its loop, set by the caller after catchup_open() */
	uv_idle_t idle; /* keeps the loop turning while a reader wants a page */
};

#define CATCHUP_TURN_BYTES ((int64_t)1 << 20)

/* A member that has seen more than this server has waits for it, this long at most: its `since` may
 * name a message that nobody has. */
#define CATCHUP_AHEAD_MS 60000

/* Prepares catch-up on a loop. page_max_bytes limits the messages of one page. */
void catchup_open(
	struct catchup *catchup, uv_loop_t *loop, struct channels *channels, size_t page_max_bytes);

/* Frees the queues. No member may be left. */
void catchup_close(struct catchup *catchup);

/*
 * Begins to send a member, which has just joined, what follows `since`; or the newest messages. The
 * pages count for the address. *place must be NULL. It points to the reader until the member is
 * live, and then becomes NULL again, perhaps before this returns.
 */
void catchup_begin(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place, const struct since_point *since);
void catchup_begin_newest(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place);

/* Ends the catch-up of a member that leaves. Does nothing if reader is NULL. */
void catchup_end(struct catchup_reader *reader);

/* Asks for the next page, when the send queue is empty. Does nothing if reader is NULL. */
void catchup_continue(struct catchup_reader *reader);

/* Sends pages, up to CATCHUP_TURN_BYTES. Called in the tick, before connections are flushed. */
void catchup_turn(struct catchup *catchup);

/* Keeps the loop from waiting while readers want pages. Called at the end of the tick. */
void catchup_end_turn(struct catchup *catchup);

#endif
