/* The addresses of peers: identifies, counts, bars and prints them. */
#include "serve/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <utlist.h>

#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/hash.h"

struct key {
	unsigned char kind; /* enum address_kind */
	unsigned char version; /* of IP: 4 or 6; 0: a unix socket */
	/* 4 zeros and an IPv4 address, or the first half of an IPv6 address; zeros for "unix" */
	unsigned char bytes[8];
};

struct address {
	UT_hash_handle hh;
	struct address *next, *prev; /* in addresses->failing; valid if failures > 0 */
	struct key key;
	size_t count; /* the number of connections */
	int64_t failures; /* the number of wrong tokens */
	int64_t failures_ms; /* the time of the first of the failures; valid if failures > 0 */
	struct fair_lane lanes[]; /* ADDRESS_LANES for each loop */
};

/* Fills *v4 with an IPv4 address, plain or mapped into IPv6. Returns false for all others. */
static bool
address_v4(const struct sockaddr *address, struct in_addr *v4)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	if (address->sa_family == AF_INET) {
		*v4 = ((const struct sockaddr_in *)address)->sin_addr;
		return true;
	}
	if (address->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return false;
	memcpy(v4, in6->sin6_addr.s6_addr + 12, sizeof(*v4));
	return true;
}

bool
address_is_local(const struct sockaddr *address)
{
	struct in_addr v4;

	if (address->sa_family == AF_UNIX)
		return true;
	if (address_v4(address, &v4))
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->sa_family == AF_INET6 &&
		IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static enum address_kind
kind_of(const struct addresses *addresses, const struct sockaddr *peer)
{
	if (cidrs_have(&addresses->tcp_proxies, peer))
		return ADDRESS_TCP_PROXY;
	if (cidrs_have(&addresses->proxies, peer))
		return ADDRESS_PROXY;
	if (peer->sa_family == AF_UNIX)
		return ADDRESS_UNIX;
	return address_is_local(peer) ? ADDRESS_LOOPBACK : ADDRESS_REMOTE;
}

static struct key
key_of(enum address_kind kind, const struct sockaddr *peer)
{
	struct key key = {.kind = (unsigned char)kind};
	struct in_addr v4;

	if (address_v4(peer, &v4)) {
		key.version = 4;
		memcpy(key.bytes + 4, &v4, sizeof(v4));
	} else if (peer->sa_family == AF_INET6) {
		key.version = 6;
		memcpy(key.bytes, &((const struct sockaddr_in6 *)peer)->sin6_addr,
			sizeof(key.bytes));
	}
	return key;
}

/* Returns the size of an address with its lanes, in bytes. */
static size_t
address_size(const struct addresses *addresses)
{
	return offsetof(struct address, lanes) +
		addresses->loops * ADDRESS_LANES * sizeof(struct fair_lane);
}

void
addresses_init(struct addresses *addresses, size_t loops)
{
	*addresses = (struct addresses){.loops = loops};
	if (uv_mutex_init(&addresses->mutex) != 0)
		abort(); /* impossible: pthread_mutex_init(3) always succeeds */
}

/* The functions below with the set as first argument are called with its mutex held. */
static struct address *
enter(struct addresses *addresses, struct key key)
{
	struct address *address = NULL;

	HASH_FIND(hh, addresses->by_key, &key, sizeof(key), address);
	if (!address) {
		address = chat_alloc_zeroed(1, address_size(addresses));
		address->key = key;
		HASH_ADD(hh, addresses->by_key, key, sizeof(key), address);
		addresses->count++;
	}
	address->count++;
	atomic_fetch_add(&addresses->connections, 1);
	return address;
}

struct address *
addresses_enter(struct addresses *addresses, const struct sockaddr *peer)
{
	struct address *address;

	uv_mutex_lock(&addresses->mutex);
	address = enter(addresses, key_of(kind_of(addresses, peer), peer));
	uv_mutex_unlock(&addresses->mutex);
	return address;
}

struct fair_lane *
address_lane(struct address *address, size_t loop, enum address_lane lane)
{
	return &address->lanes[loop * ADDRESS_LANES + lane];
}

/* Frees an address if it has no connections and no failures. */
static void
free_if_unused(struct addresses *addresses, struct address *address)
{
	if (address->count || address->failures)
		return;
	HASH_DEL(addresses->by_key, address);
	addresses->count--;
	free(address);
}

static void
leave(struct addresses *addresses, struct address *address)
{
	address->count--;
	atomic_fetch_sub(&addresses->connections, 1);
	free_if_unused(addresses, address);
}

void
addresses_leave(struct addresses *addresses, struct address *address)
{
	if (!address)
		return;
	uv_mutex_lock(&addresses->mutex);
	leave(addresses, address);
	uv_mutex_unlock(&addresses->mutex);
}

struct address *
addresses_move(struct addresses *addresses, struct address *proxy, const struct sockaddr *client)
{
	struct key key = proxy->key;
	bool is_proxy = client && address_kind(proxy) == ADDRESS_TCP_PROXY &&
		cidrs_have(&addresses->proxies, client);

	if (client)
		key = key_of(ADDRESS_REMOTE, client);
	key.kind = is_proxy ? ADDRESS_PROXY : ADDRESS_REMOTE;
	uv_mutex_lock(&addresses->mutex);
	leave(addresses, proxy);
	proxy = enter(addresses, key);
	uv_mutex_unlock(&addresses->mutex);
	return proxy;
}

void
addresses_free(struct addresses *addresses)
{
	struct address *address, *next;

	HASH_ITER(hh, addresses->by_key, address, next)
	{
		HASH_DEL(addresses->by_key, address);
		free(address);
	}
	addresses->failing = NULL;
	addresses->failing_count = addresses->count = 0;
	cidrs_free(&addresses->proxies);
	cidrs_free(&addresses->tcp_proxies);
	uv_mutex_destroy(&addresses->mutex);
}

static void
forget_failures(struct addresses *addresses, struct address *address)
{
	DL_DELETE(addresses->failing, address);
	addresses->failing_count--;
	address->failures = 0;
	free_if_unused(addresses, address);
}

void
addresses_sweep(struct addresses *addresses, int64_t now_ms)
{
	uv_mutex_lock(&addresses->mutex);
	while (addresses->failing &&
		now_ms - addresses->failing->failures_ms >= ADDRESS_FAILURES_MS)
		forget_failures(addresses, addresses->failing);
	uv_mutex_unlock(&addresses->mutex);
}

/* Reads a number that other threads may change. */
static size_t
read_size(struct addresses *addresses, const size_t *number)
{
	size_t value;

	uv_mutex_lock(&addresses->mutex);
	value = *number;
	uv_mutex_unlock(&addresses->mutex);
	return value;
}

size_t
addresses_bytes(struct addresses *addresses)
{
	return read_size(addresses, &addresses->count) * memory_cost(address_size(addresses));
}

size_t
addresses_connections(const struct addresses *addresses)
{
	return atomic_load(&addresses->connections);
}

enum address_kind
address_kind(const struct address *address)
{
	return (enum address_kind)address->key.kind;
}

bool
address_is_over(const struct address *address, struct addresses *addresses)
{
	return address_kind(address) == ADDRESS_REMOTE &&
		read_size(addresses, &address->count) > addresses->most;
}

bool
address_is_flooding(const struct address *address, struct addresses *addresses)
{
	return address_kind(address) == ADDRESS_REMOTE &&
		read_size(addresses, &address->count) > 2 * addresses->most;
}

void
address_failed(struct addresses *addresses, struct address *address, int64_t now_ms)
{
	if (address_kind(address) != ADDRESS_REMOTE)
		return;
	uv_mutex_lock(&addresses->mutex);
	if (address->failures++ == 0) {
		address->failures_ms = now_ms;
		DL_APPEND(addresses->failing, address);
		if (++addresses->failing_count > ADDRESSES_FAILING_MOST)
			forget_failures(addresses, addresses->failing);
	}
	uv_mutex_unlock(&addresses->mutex);
}

bool
address_is_barred(const struct address *address, struct addresses *addresses)
{
	bool barred;

	uv_mutex_lock(&addresses->mutex);
	barred = address->failures >= addresses->failures_most;
	uv_mutex_unlock(&addresses->mutex);
	return barred;
}

struct chat_span
address_key(const struct address *address)
{
	return (struct chat_span){(const char *)&address->key, sizeof(address->key)};
}

uint64_t
address_hash(const struct address *address)
{
	return chat_hash(&address->key, sizeof(address->key));
}

void
address_name(const struct address *address, char name[ADDRESS_NAME_MAX])
{
	struct in6_addr v6 = {0};

	if (!address->key.version) {
		strcpy(name, "unix");
	} else if (address->key.version == 4) {
		inet_ntop(AF_INET, address->key.bytes + 4, name, ADDRESS_NAME_MAX);
	} else {
		memcpy(&v6, address->key.bytes, sizeof(address->key.bytes));
		inet_ntop(AF_INET6, &v6, name, ADDRESS_NAME_MAX);
		strcat(name, "/64");
	}
}

void
address_format(const struct sockaddr *address, char text[ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (address->sa_family == AF_UNIX) {
		snprintf(text, ADDRESS_TEXT_MAX, "unix:%s",
			((const struct sockaddr_un *)address)->sun_path);
	} else if (address_v4(address, &v4)) {
		inet_ntop(AF_INET, &v4, host, sizeof(host));
		/* the port is at the same offset in sockaddr_in and sockaddr_in6 */
		snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
	}
}
