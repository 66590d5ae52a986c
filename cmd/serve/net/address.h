#ifndef SERVE_NET_ADDRESS_H
#define SERVE_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "serve/net/cidr.h"
#include "serve/util/fair_queue.h"

/*
 * The addresses that connections come from: how many connections each has, and how many wrong
 * tokens it has sent of late. An IPv6 address counts as its /64, which usually belongs
 * to one customer. Loopback addresses and unix sockets may have any number of connections. So may
 * trusted proxies, for connections whose client they have not told yet.
 */
struct address;

enum address_kind {
	ADDRESS_REMOTE,
	ADDRESS_LOOPBACK,
	ADDRESS_UNIX,
	ADDRESS_PROXY /* it is trusted to tell the client's address */
};

struct addresses {
	struct address *by_key;
	struct address *failing; /* utlist: those with failures, in the order of their first one */
	size_t count, failing_count;
	struct cidrs proxies; /* owned */
	size_t most; /* connections of one address */
	int64_t failures_most; /* of one address in ADDRESS_FAILURES_MS */
};

/* Failures are forgotten so long after the first of them. */
#define ADDRESS_FAILURES_MS 60000

/* Counts a connection of this peer in. Returns its address, valid until addresses_leave(). */
struct address *addresses_enter(struct addresses *addresses, const struct sockaddr *peer);

/*
 * Moves a connection from its proxy to the client behind it, and returns the client's address. With
 * client NULL, because the proxy has not told it, the connection counts for the proxy's address. In
 * both cases the address is limited as a remote one, even if it is this machine's.
 */
struct address *addresses_move(
	struct addresses *addresses, struct address *proxy, const struct sockaddr *client);

/* Counts a connection out. NULL does nothing. */
void addresses_leave(struct addresses *addresses, struct address *address);

/* Frees everything. No connection is counted any more. */
void addresses_free(struct addresses *addresses);

/* Returns the bytes of memory that all addresses take. */
size_t addresses_bytes(const struct addresses *addresses);

/* Forgets the failures whose time is over. */
void addresses_sweep(struct addresses *addresses, int64_t now_ms);

enum address_kind address_kind(const struct address *address);

/*
 * Returns the lane of the address in a fair queue of this kind. While an entry is in the lane, a
 * connection must be counted for the address: the lane does not keep it alive.
 */
enum address_lane { ADDRESS_LANE_PAGES, ADDRESS_LANE_READS, ADDRESS_LANE_AUTH, ADDRESS_LANES };
struct fair_lane *address_lane(struct address *address, enum address_lane lane);

/*
 * address_is_over() returns true if the address has more connections than it may have;
 * address_is_flooding() if it has more than twice as many, so that they get no answer.
 */
bool address_is_over(const struct address *address, const struct addresses *addresses);
bool address_is_flooding(const struct address *address, const struct addresses *addresses);

/*
 * Counts a wrong token of a remote address. Others are not counted: to bar this machine or a proxy
 * would shut out other users. When more than ADDRESSES_FAILING_MOST addresses have failures, those
 * of the address that failed first are forgotten.
 */
#define ADDRESSES_FAILING_MOST 50000
void address_failed(struct addresses *addresses, struct address *address, int64_t now_ms);

/* Returns true if the address has sent too many wrong tokens of late. */
bool address_is_barred(const struct address *address, const struct addresses *addresses);

/* Returns true if only this machine can have this address. */
bool address_is_local(const struct sockaddr *address);

/* Returns a number for tables of others. It stays the same after the structure is freed. */
uint64_t address_hash(const struct address *address);

/* Returns the bytes that tell it from every other address; valid as long as the address. */
struct chat_span address_key(const struct address *address);

/* Writes the address as it is counted: "192.0.2.1", "2001:db8::/64", "unix". */
#define ADDRESS_NAME_MAX 64
void address_name(const struct address *address, char name[ADDRESS_NAME_MAX]);

/* Writes "192.0.2.1:1234", "[2001:db8::1]:1234", "unix:/path" or "unix:". */
#define ADDRESS_TEXT_MAX 128
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT_MAX]);

#endif
