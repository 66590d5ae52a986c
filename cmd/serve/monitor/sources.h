#ifndef SERVE_MONITOR_SOURCES_H
#define SERVE_MONITOR_SOURCES_H

#include <stdbool.h>

#include "serve/cluster/cluster.h"
#include "serve/monitor/turn_times.h"
#include "serve/session/context.h"

struct totals;

/*
 * The parts of the server that the monitor reads. Each part keeps its own counters, which are read
 * for each request. All pointers are borrowed.
 */
struct monitor_sources {
	const struct session_context *sessions; /* and their connections, addresses, channels */
	const struct tls *tls; /* NULL: no TLS */
	const struct turn_times *turns;
	/* Adds what the monitor does not know: the other loops, and stdout. */
	void (*add_rest)(void *arg, struct totals *totals);
	void *arg;
	const bool *draining; /* the server is about to end */
	const struct cluster *cluster; /* its shared_log is NULL: the server is alone */
};

static inline const struct journal *
journal_of(const struct monitor_sources *sources)
{
	return sources->sessions->channels->journal;
}

#endif
