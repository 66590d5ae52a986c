#ifndef SERVE_NET_ADDRESS_H
#define SERVE_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "serve/net/cidr.h"
#include "serve/util/fair_queue.h"

/*
 * What is known of the addresses that connections come from: how many each has, and how often a
 * token of its was wrong. An IPv6 address counts as its /64, which one person has to themselves.
 * Loopback and unix sockets may have any number of connections, and so may proxies that are trusted
 * for those that have not told yet who is behind.
 */
struct address;

enum address_kind {
	ADDRESS_REMOTE,
	ADDRESS_LOOPBACK,
	ADDRESS_UNIX,
	ADDRESS_PROXY /* it is trusted to say who is behind it */
};

struct addresses {
	struct address *by_key;
	struct address *failing; /* utlist: those with failures, by the first of them */
	size_t count, failing_count;
	struct cidrs proxies;
	size_t most; /* connections of one address */
	int64_t failures_most; /* of one address in ADDRESS_FAILURES_MS */
};

#define ADDRESS_FAILURES_MS 60000 /* from the first failure on; then they are forgotten */

/* Counts one in. */
struct address *addresses_enter(struct addresses *addresses, const struct sockaddr *peer);

/*
 * Counts one out of a proxy and in as who is behind it; client NULL, where nobody can be made out
 * there: as the proxy. Either is limited as a remote address, whatever address it is.
 */
struct address *addresses_move(
	struct addresses *addresses, struct address *proxy, const struct sockaddr *client);
void addresses_leave(struct addresses *addresses, struct address *address); /* NULL: nothing */

/* Once nobody is in any more. */
void addresses_free(struct addresses *addresses);

/* Of memory. */
size_t addresses_bytes(const struct addresses *addresses);

/* Forgets what is over. */
void addresses_sweep(struct addresses *addresses, int64_t now_ms);

enum address_kind address_kind(const struct address *address);

/* Its share of what is handed out fairly. One in which somebody waits keeps nothing else alive. */
enum address_lane { ADDRESS_LANE_PAGES, ADDRESS_LANE_READS, ADDRESS_LANE_TURNS, ADDRESS_LANES };
struct fair_lane *address_lane(struct address *address, enum address_lane lane);

/* Whether it has more than it may; far more: not even an answer is due. */
bool address_is_over(const struct address *address, const struct addresses *addresses);
bool address_is_flooding(const struct address *address, const struct addresses *addresses);

/*
 * A token was wrong; whether that was too often of late. This machine is never barred: whom it
 * would keep out is somebody else. Of the addresses beyond ADDRESSES_FAILING_MOST the one that
 * failed first is forgotten.
 */
#define ADDRESSES_FAILING_MOST 50000
void address_failed(struct addresses *addresses, struct address *address, int64_t now_ms);
bool address_is_barred(const struct address *address, const struct addresses *addresses);

/* Whether only this machine can be at the other end. */
bool address_is_local(const struct sockaddr *address);

/* A number that stands for it in tables of others; it outlives the structure. */
uint64_t address_hash(const struct address *address);

/* What tells it from every other; borrowed. */
struct chat_span address_key(const struct address *address);

/* "192.0.2.1", "2001:db8::/64", "unix". */
#define ADDRESS_NAME_MAX 64
void address_name(const struct address *address, char name[ADDRESS_NAME_MAX]);

/* "192.0.2.1:1234", "[2001:db8::1]:1234", "unix:/path", "unix:". */
#define ADDRESS_TEXT_MAX 128
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT_MAX]);

#endif
