#ifndef SERVE_NET_EVICT_H
#define SERVE_NET_EVICT_H

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct conns;

/*
 * Closes connections while all of them together hold too much of something, the largest first. The
 * connections of one owner (conn_events.owner) count together: the owner that holds the most loses
 * its largest connection. So nobody loses a connection because somebody else has many.
 */
struct eviction {
	/* Returns how much a connection holds; 0: it cannot be chosen. */
	size_t (*bytes_of)(const struct conn *conn);
	/* Returns true when what all connections hold is within the limit. */
	bool (*fits)(const struct conns *conns);
	/* Makes a connection release what it holds, or most of it. It does not free it. */
	void (*evict)(struct conn *conn);
};

/* Evicts connections until eviction->fits returns true, or nothing is held any more. */
void evict_largest(struct conns *conns, const struct eviction *eviction);

#endif
