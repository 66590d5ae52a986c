#ifndef SERVE_SESSION_BACKPRESSURE_H
#define SERVE_SESSION_BACKPRESSURE_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/channel/channel.h"
#include "serve/net/conn.h"

/*
 * The limit on the memory of messages that were accepted and are not yet in the journal, of all
 * channels together (--unsynced-total-bytes), however slow the disk is. Above half of the limit a
 * peer that has posted a message is not read until there is room again; peers that only listen are.
 * A message for which there is no room at all is refused, and its sender may send it again later.
 */
struct backpressure {
	const struct channels *channels;
	size_t limit_bytes;
	size_t publish_bytes; /* from here on the turn publishes before it ends */
	void (*publish)(void *arg); /* publishes what the journal keeps */
	void *arg;
};

#define BACKPRESSURE_RETRY_MS 1000 /* a refused message may be sent again after this time */
#define BACKPRESSURE_COPIES 2 /* of an accepted message: one is to be sent, one to be written */
#define BACKPRESSURE_READ_BYTES \
	(BACKPRESSURE_COPIES * CONN_INPUT_BYTES) /* one sender may bring \
						  */

/* Sets the limit: limit_bytes, or what a few messages of the greatest size take if that is more. */
void backpressure_open(struct backpressure *backpressure, const struct channels *channels,
	size_t limit_bytes, size_t max_message_bytes);

/* Returns the bytes of memory that unpublished and unwritten messages take. */
size_t backpressure_bytes(const struct backpressure *backpressure);

/* Returns true where a message of so many bytes has no room. */
bool backpressure_is_full(const struct backpressure *backpressure, size_t bytes);

/*
 * Returns true above half of the limit: no sender is to be read now. expected_bytes are counted as
 * if they were there already: the BACKPRESSURE_READ_BYTES of each sender that is about to be read.
 */
bool backpressure_is_high(const struct backpressure *backpressure, size_t expected_bytes);

/*
 * Publishes in the middle of a turn where much was accepted since the last backpressure_mark, so
 * that its memory is free before the turn ends. Called while no function of a connection runs.
 */
void backpressure_relieve(struct backpressure *backpressure);

/* Marks how much is accepted by now. The end of each turn does this. */
void backpressure_mark(struct backpressure *backpressure);

#endif
