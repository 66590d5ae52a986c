#ifndef SERVE_NET_CIDR_H
#define SERVE_NET_CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "chat/span.h"
#include "command/opt.h"

/*
 * A range of addresses, "192.0.2.0/24" or "2001:db8::/32" (CIDR, RFC 4632); without a length the
 * one address. An IPv4 address is held as its IPv6 form (::ffff:0:0/96), so both are one kind.
 */
struct network {
	struct in6_addr prefix;
	unsigned bits; /* 0..128 */
};

/* -1 with CHAT_USAGE. Bits behind the prefix must be 0. */
int network_parse(struct network *network, const char *text, struct chat_err *err);

/* Whether a socket's address lies in it; one of a unix socket lies nowhere. */
bool network_has(const struct network *network, const struct sockaddr *address);

/* The proxies whose word is taken for who is behind them. */
struct networks {
	struct network *at;
	size_t count;
};

int networks_parse(
	struct networks *networks, const struct chat_strings *texts, struct chat_err *err);
void networks_free(struct networks *networks);
bool networks_have(const struct networks *networks, const struct sockaddr *address);

/*
 * Who is behind a proxy, by the values of its X-Forwarded-For headers: the rightmost address that
 * is no proxy of ours. An element may be "192.0.2.1", "2001:db8::1", "[2001:db8::1]", the first and
 * the last with a port behind a colon, each also in double quotes. false: there is no such element,
 * or before it stands one that is no address.
 */
bool networks_forwarded(const struct networks *networks, const struct chat_span *values,
	size_t count, struct sockaddr_storage *client);

#endif
