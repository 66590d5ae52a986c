#ifndef SERVE_SESSION_COUNTERS_H
#define SERVE_SESSION_COUNTERS_H

#include <stdint.h>

#include "chat/err.h"

/* The reasons for which the server ended a connection. */
enum drop_reason {
	DROP_SLOW_CONSUMER, /* the peer did not read what was sent to it */
	DROP_PING_TIMEOUT, /* the peer did not answer a ping */
	DROP_PROTOCOL, /* the peer broke the framing, abused TLS, or sent too many bad messages */
	DROP_TOO_LATE, /* no request head, no init or no end of a message came in time */
	DROP_SERVER_FULL, /* the half-received messages of all peers took too much memory */
	DROP_REASONS
};

/* Counted by sessions, since the start of the server. monitor/metrics.c shows it. */
struct session_counters {
	uint64_t accepted; /* connections */
	uint64_t errors[CHAT_CODES]; /* errors sent to peers, by code */
	uint64_t drops[DROP_REASONS]; /* connections that a session ended, by reason */
};

#endif
