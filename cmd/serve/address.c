/* Peers as network addresses: counted, judged, printed. */
#include "serve/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <uthash.h>

#include "buf.h"

#define KEY_LEN 8

struct address {
	UT_hash_handle hh;
	unsigned char
		key[KEY_LEN]; /* the first half of an IPv6 address; 0, 0, 0, 0 and an IPv4 one */
	size_t count;
};

/* An IPv4 address, be it inside an IPv6 one; false when it is none. */
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

struct address *
addresses_enter(struct addresses *addresses, const struct sockaddr *peer)
{
	struct address *address = NULL;
	unsigned char key[KEY_LEN] = {0};
	struct in_addr v4;

	if (address_is_local(peer))
		return NULL;
	if (address_v4(peer, &v4))
		memcpy(key + 4, &v4, sizeof(v4));
	else
		memcpy(key, &((const struct sockaddr_in6 *)peer)->sin6_addr, KEY_LEN);
	HASH_FIND(hh, addresses->by_key, key, KEY_LEN, address);
	if (!address) {
		address = chat_alloc_zeroed(1, sizeof(*address));
		memcpy(address->key, key, KEY_LEN);
		HASH_ADD(hh, addresses->by_key, key, KEY_LEN, address);
	}
	address->count++;
	return address;
}

bool
address_is_over(const struct address *address, const struct addresses *addresses)
{
	return address && address->count > addresses->most;
}

bool
address_is_flooding(const struct address *address, const struct addresses *addresses)
{
	return address && address->count > 2 * addresses->most;
}

void
addresses_leave(struct addresses *addresses, struct address *address)
{
	if (!address || --address->count)
		return;
	HASH_DEL(addresses->by_key, address);
	free(address);
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
		/* the port lies at the same place in both kinds */
		snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
	}
}
