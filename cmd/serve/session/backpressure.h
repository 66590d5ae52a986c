#ifndef SERVE_SESSION_BACKPRESSURE_H
#define SERVE_SESSION_BACKPRESSURE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What was said and waits for the journal, of all channels: the memory of it is bounded however
 * long the disk takes. From half of the bound on, who says something is not read any further until
 * there is room again; the others, who only listen, are. What there is no room for at all is
 * refused, to be said again later.
 */
struct server;
struct session;

struct backpressure {
	size_t most_bytes;
	size_t relief_bytes; /* with so much a turn is to publish what it can */
	struct session *stalled; /* utlist: sessions that are not read, longest first */
};

void backpressure_open(struct server *server);

/* Bytes of memory of what waits. */
size_t backpressure_bytes(const struct server *server);

/* Whether a message of so many bytes has no room; where nothing waits any has. */
bool backpressure_is_full(const struct server *server, size_t bytes);

/* Whether there is so much that nobody is to say more now. */
bool backpressure_is_long(const struct server *server);

/* A session has said something. */
void backpressure_said(struct session *session);

/* In the middle of a turn: publishes what need not wait any longer, where much has gathered. */
void backpressure_relieve(struct server *server);

/* The end of a turn: of those who are not read so many go on as there is room for. */
void backpressure_release(struct server *server);

#define BACKPRESSURE_RETRY_MS 1000 /* what is refused may be said again then */

#endif
