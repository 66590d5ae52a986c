#ifndef SERVE_NET_EVICT_H
#define SERVE_NET_EVICT_H

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct conns;

/*
 * Who goes when connections together hold too much of something: the largest first, one at a time,
 * until it fits. Those of one owner (conn_events.owner) count together: the largest owner loses its
 * largest connection, so that nobody is made the largest by someone who has many.
 */
struct eviction {
	size_t (*holds)(const struct conn *conn); /* 0: it is not concerned */
	bool (*fits)(const struct conns *conns);
	/* It lets go of what it holds, or of most of it; the structure stays. */
	void (*ends)(struct conn *conn);
};

void conns_evict(struct conns *conns, const struct eviction *eviction);

#endif
