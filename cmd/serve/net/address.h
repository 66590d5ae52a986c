#ifndef SERVE_NET_ADDRESS_H
#define SERVE_NET_ADDRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "serve/net/cidr.h"
#include "serve/util/fair_queue.h"

/*
 * The addresses of peers: the number of connections of each, and the number of wrong tokens it has
 * sent in the last minute. An IPv6 address counts as its /64, which usually belongs to one
 * customer. Only remote addresses are limited. A connection through a trusted proxy counts for the
 * proxy, without a limit, until addresses_move(). If a TCP proxy is in front of an HTTP proxy, or
 * the other way round, that is called twice.
 *
 * Several loops may share one set: any thread may call these functions, except addresses_init() and
 * addresses_free(). An address stays valid as long as one of its connections is counted.
 */
struct address;

enum address_kind {
	ADDRESS_REMOTE,
	ADDRESS_LOOPBACK,
	ADDRESS_UNIX, /* of no proxy */
	ADDRESS_PROXY, /* in addresses->proxies: its X-Forwarded-For is trusted */
	ADDRESS_TCP_PROXY /* in addresses->tcp_proxies: its PROXY header is awaited */
};

struct addresses {
	uv_mutex_t mutex; /* of all fields up to `failing_count` */
	struct address *by_key; /* uthash: all addresses */
	struct address *failing; /* utlist: the addresses with failures, by failures_ms */
	size_t count, failing_count; /* the lengths of by_key and failing */
	atomic_size_t connections; /* of all addresses */

	/* Set by the owner before the first connection. */
	struct cidrs proxies, tcp_proxies; /* owned */
	size_t loops; /* whose queues have lanes */
	size_t most; /* the most connections of one remote address */
	int64_t failures_most; /* the failures in ADDRESS_FAILURES_MS that bar an address */
};

/* The failures of an address are forgotten this long after its first failure. */
#define ADDRESS_FAILURES_MS 60000

/* Makes an empty set for so many loops, without limits. */
void addresses_init(struct addresses *addresses, size_t loops);

/*
 * Counts a new connection of this peer. Returns its address, which is valid until the caller gives
 * it to addresses_leave() or addresses_move().
 */
struct address *addresses_enter(struct addresses *addresses, const struct sockaddr *peer);

/*
 * Counts a connection for its client instead of its proxy. Returns the client's address; *proxy may
 * be freed. If client is NULL (the proxy has not reported it), the connection counts for an
 * ADDRESS_REMOTE with the proxy's address. The result is an ADDRESS_REMOTE, also for a loopback
 * client; but the client of an ADDRESS_TCP_PROXY can be an ADDRESS_PROXY.
 */
struct address *addresses_move(
	struct addresses *addresses, struct address *proxy, const struct sockaddr *client);

/* Ends the count of a connection; *address may be freed. Does nothing for NULL. */
void addresses_leave(struct addresses *addresses, struct address *address);

/* Frees all addresses and the ranges of proxies. All connections must have left. */
void addresses_free(struct addresses *addresses);

/* Returns the memory of all addresses, in bytes. */
size_t addresses_bytes(struct addresses *addresses);

/* Returns the number of connections that are counted, of all addresses. */
size_t addresses_connections(const struct addresses *addresses);

/* Forgets failures that are older than ADDRESS_FAILURES_MS. now_ms is as in address_failed(). */
void addresses_sweep(struct addresses *addresses, int64_t now_ms);

enum address_kind address_kind(const struct address *address);

/*
 * Returns the lane of the address in a loop's fair queue of this kind. Only the thread of that loop
 * uses the lane. An entry in the lane does not keep the address alive: a connection must be counted
 * for the address.
 */
enum address_lane { ADDRESS_LANE_PAGES, ADDRESS_LANE_READS, ADDRESS_LANE_AUTH, ADDRESS_LANES };
struct fair_lane *address_lane(struct address *address, size_t loop, enum address_lane lane);

/*
 * address_is_over() returns true if a remote address has more than addresses->most connections:
 * the request is refused. address_is_flooding() returns true if it has more than twice that limit:
 * the connection is closed without an answer.
 */
bool address_is_over(const struct address *address, struct addresses *addresses);
bool address_is_flooding(const struct address *address, struct addresses *addresses);

/*
 * Counts a wrong token of a remote address. Does nothing for other kinds: to bar this machine or a
 * proxy would bar other users. If more than ADDRESSES_FAILING_MOST addresses have failures, the
 * failures of the address with the earliest first failure are forgotten.
 */
#define ADDRESSES_FAILING_MOST 50000
void address_failed(struct addresses *addresses, struct address *address, int64_t now_ms);

/* Returns true if the address has addresses->failures_most failures or more. */
bool address_is_barred(const struct address *address, struct addresses *addresses);

/* Returns true for a loopback address or a unix socket: no other machine can connect to it. */
bool address_is_local(const struct sockaddr *address);

/* Returns the hash of address_key(). It is the same if the address is freed and counted again. */
uint64_t address_hash(const struct address *address);

/* Returns bytes that are unique to the address. They are valid as long as the address. */
struct chat_span address_key(const struct address *address);

/* Writes the address in the form that is counted: "192.0.2.1", "2001:db8::/64", "unix". */
#define ADDRESS_NAME_MAX 64
void address_name(const struct address *address, char name[ADDRESS_NAME_MAX]);

/* Writes "192.0.2.1:1234", "[2001:db8::1]:1234", "unix:/path", or "unix:" without a path. */
#define ADDRESS_TEXT_MAX 128
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT_MAX]);

#endif
