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
struct cidr {
	struct in6_addr prefix;
	unsigned bits; /* 0..128 */
};

/* -1 with CHAT_USAGE. Bits behind the prefix must be 0. */
int cidr_parse(struct cidr *cidr, const char *text, struct chat_err *err);

/* Whether a socket's address lies in it; one of a unix socket lies nowhere. */
bool cidr_has(const struct cidr *cidr, const struct sockaddr *address);

/* The proxies whose word is taken for who is behind them. */
struct cidrs {
	struct cidr *at;
	size_t count;
};

int cidrs_parse(struct cidrs *cidrs, const struct chat_strings *texts, struct chat_err *err);
void cidrs_free(struct cidrs *cidrs);
bool cidrs_have(const struct cidrs *cidrs, const struct sockaddr *address);

/*
 * Who is behind a proxy, by the values of its X-Forwarded-For headers: the rightmost address that
 * is no proxy of ours. An element may be "192.0.2.1", "2001:db8::1", "[2001:db8::1]", the first and
 * the last with a port behind a colon, each also in double quotes. false: there is no such element,
 * or before it stands one that is no address.
 */
bool cidrs_forwarded(const struct cidrs *cidrs, const struct chat_span *values, size_t count,
	struct sockaddr_storage *client);

#endif
