#ifndef SERVE_NET_CIDR_H
#define SERVE_NET_CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "command/strings.h"

/*
 * A range of addresses, "192.0.2.0/24" or "2001:db8::/32" (CIDR, RFC 4632). Without a length it is
 * one address. An IPv4 address is held as its IPv6 form (::ffff:0:0/96), so that there is one kind.
 */
struct cidr {
	struct in6_addr prefix;
	unsigned bits; /* of the prefix, 0 to 128 */
};

/*
 * Reads a range. Returns 0, or -1 with CHAT_USAGE. The bits behind the prefix must be 0.
 */
int cidr_parse(struct cidr *cidr, const char *text, struct chat_err *err);

/* Returns true if the address is in the range. The address of a unix socket is in none. */
bool cidr_has(const struct cidr *cidr, const struct sockaddr *address);

/* Reads an address, an IPv4 one as its IPv6 form. Returns its version, 4 or 6, or -1. */
int cidr_read_address(struct in6_addr *to, const char *text);

/* Some ranges, for example those of trusted proxies. */
struct cidrs {
	struct cidr *at;
	size_t count;
};

/*
 * Reads one range of each text. Returns 0, or -1 as cidr_parse(). The caller frees the ranges in
 * both cases.
 */
int cidrs_parse(struct cidrs *cidrs, const struct chat_strings *texts, struct chat_err *err);
void cidrs_free(struct cidrs *cidrs);

/* Returns true if the address is in one of the ranges. */
bool cidrs_have(const struct cidrs *cidrs, const struct sockaddr *address);

#endif
