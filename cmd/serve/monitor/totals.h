#ifndef SERVE_MONITOR_TOTALS_H
#define SERVE_MONITOR_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/monitor/memory_usage.h"
#include "serve/monitor/sources.h"
#include "serve/monitor/turn_times.h"

/*
 * The numbers of the metrics that add up, of the server or of one of its loops. All fields
 * are uint64_t, so that totals_add() needs no list of them.
 */
struct totals {
	uint64_t connections, accepted; /* open now; ever */
	uint64_t channels, messages, deliveries;
	uint64_t received_bytes, sent_bytes; /* of connections */
	uint64_t queued_bytes; /* that wait for their readers */
	uint64_t history_bytes;
	uint64_t past_readers, past_bytes, past_pages, past_pages_made; /* catch-up */
	uint64_t nonces;
	uint64_t wrong_proxy_headers;
	uint64_t printer_dropped, notices_dropped; /* lines, of stdout and stderr */
	uint64_t drops[DROP_REASONS];
	uint64_t errors[CHAT_CODES];
	uint64_t memory[USAGE_KINDS]; /* bytes */
	struct turn_times turns;
};

/*
 * Takes the totals of one loop, whose thread calls this. visit: count the memory of each channel,
 * too, which takes longer with more channels.
 */
void totals_take_loop(struct totals *totals, const struct session_context *sessions,
	const struct turn_times *turns, bool visit);

/* Takes the totals of the server: of this loop, of the other loops, and of what they share. */
void totals_take(struct totals *totals, const struct monitor_sources *sources, bool visit);

/* Adds the second to the first. */
void totals_add(struct totals *totals, const struct totals *more);

/* Returns the sum of the memory, in bytes. */
size_t totals_memory(const struct totals *totals);

#endif
