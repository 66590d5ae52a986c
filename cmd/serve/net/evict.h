#ifndef SERVE_NET_EVICT_H
#define SERVE_NET_EVICT_H

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct conns;

/*
 * Evicts connections while all connections together hold too much of a resource. The connections of
 * one owner (conn_events.owner) count together: the owner that holds the most loses its largest
 * connection. So many small connections of one owner do not evict the connections of others.
 */
struct eviction {
	/* Returns the weight of what a connection holds; 0: it is not evicted. */
	size_t (*bytes_of)(const struct conn *conn);
	/* Returns true if all connections together are within the limit. */
	bool (*fits)(const struct conns *conns);
	/* Makes a connection release most of what it holds. It must not free the connection. */
	void (*evict)(struct conn *conn);
};

/* Evicts connections until fits() returns true, or bytes_of() returns 0 for all of them. */
void evict_largest(struct conns *conns, const struct eviction *eviction);

#endif
