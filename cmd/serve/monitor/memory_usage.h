#ifndef SERVE_MONITOR_MEMORY_USAGE_H
#define SERVE_MONITOR_MEMORY_USAGE_H

#include <stdint.h>

#include "serve/monitor/sources.h"

/*
 * The memory of the server, by its use. A block that is in a send queue and in the history counts
 * in both.
 */
enum memory_usage_kind {
	USAGE_CONNECTIONS, /* sessions, waiting inits, users of all channels, addresses, TLS */
	USAGE_QUEUES, /* send queues */
	USAGE_RECEIVE, /* half-received messages */
	USAGE_UNSYNCED, /* accepted messages that are not yet in the journal */
	USAGE_CHANNELS,
	USAGE_HISTORY,
	USAGE_NONCES,
	USAGE_CATCHUP, /* pages of the past */
	USAGE_RATES, /* the rate limiter */
	USAGE_JOURNAL, /* the index of messages that is not yet on the disk */
	USAGE_OUTPUT, /* lines that wait for the reader of stdout or stderr */
	USAGE_KINDS
};

/* The word of each kind in the metrics. */
extern const char *const memory_usage_words[USAGE_KINDS];

/* Writes the bytes that one loop has, but for its channels and their users. */
void memory_usage_take_loop(uint64_t bytes[USAGE_KINDS], const struct session_context *sessions);

/* Adds the bytes of channels and their users. Takes longer with more channels. */
void memory_usage_add_channels(uint64_t bytes[USAGE_KINDS], const struct channels *channels);

/* Adds the bytes of what all loops share: addresses, TLS, the journal, the error log. */
void memory_usage_add_shared(uint64_t bytes[USAGE_KINDS], const struct monitor_sources *sources);

#endif
