#ifndef SERVE_SESSION_BACKPRESSURE_H
#define SERVE_SESSION_BACKPRESSURE_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/channel/channel.h"
#include "serve/net/conn.h"

/*
 * The limit on the memory of messages that were accepted and are not yet in the journal, of all
 * channels together (--unsynced-total), however slow the disk is. Above half of the limit a
 * peer that has posted a message is not read until there is room again; other peers are read.
 * A message for which there is no room at all is refused, and its sender may send it again later.
 */
struct backpressure {
	const struct channels *channels;
	size_t limit_bytes;
	size_t publish_bytes; /* above it, backpressure_relieve publishes */
	void (*publish)(void *arg); /* publishes what the journal keeps */
	void *arg;
};

#define BACKPRESSURE_RETRY_MS 1000 /* a refused message may be sent again after this time */
#define BACKPRESSURE_COPIES 2 /* of an accepted message: one is to be sent, one to be written */
#define BACKPRESSURE_READ_BYTES \
	(BACKPRESSURE_COPIES * CONN_INPUT_BYTES) /* one sender may bring \
						  */

/* Sets the limit: limit_bytes, but at least room for four messages of max_message_bytes. */
void backpressure_open(struct backpressure *backpressure, const struct channels *channels,
	size_t limit_bytes, size_t max_message_bytes);

/* Returns the bytes of memory that unpublished and unwritten messages take. */
size_t backpressure_bytes(const struct backpressure *backpressure);

/* Returns true if there is no room for a message of this size. */
bool backpressure_is_full(const struct backpressure *backpressure, size_t bytes);

/*
 * Returns true above half of the limit: no sender is to be read now. expected_bytes is added:
 * BACKPRESSURE_READ_BYTES for each sender that is about to be read.
 */
bool backpressure_is_high(const struct backpressure *backpressure, size_t expected_bytes);

/*
 * Publishes in the middle of a turn if much was accepted since the last backpressure_mark. Call it
 * only while no function of a connection runs.
 */
void backpressure_relieve(struct backpressure *backpressure);

/* Remembers how many bytes wait now, for backpressure_relieve. Called at the end of each turn. */
void backpressure_mark(struct backpressure *backpressure);

#endif
