#ifndef SERVE_MONITOR_MEMORY_USAGE_H
#define SERVE_MONITOR_MEMORY_USAGE_H

#include <stddef.h>

/*
 * What the server holds in memory, by what it is held for. A block that lies in a queue and in the
 * history counts in both, so that the process has no more than the sum, the rounding of malloc(3)
 * and what it had when nobody was there.
 */
struct server;

enum memory_usage_kind {
	USAGE_CONNECTIONS, /* and the users that they are, and their TLS */
	USAGE_QUEUES,
	USAGE_RECEIVE,
	USAGE_UNSYNCED,
	USAGE_CHANNELS,
	USAGE_HISTORY,
	USAGE_NONCES,
	USAGE_CATCHUP, /* pages that newcomers are sent */
	USAGE_RATES, /* who has said or joined lately */
	USAGE_JOURNAL, /* where messages lie that no index on the disk tells of yet */
	USAGE_OUTPUT, /* events that wait for the reader of stdout */
	USAGE_KINDS
};

/* The word of each kind. */
extern const char *const memory_usage_words[USAGE_KINDS];

void memory_usage_take(size_t bytes[USAGE_KINDS], const struct server *server);

/* All but what each user and channel takes: it costs nothing to ask. */
size_t memory_usage_estimate(const struct server *server);

#endif
