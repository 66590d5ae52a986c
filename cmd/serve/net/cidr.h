#ifndef SERVE_NET_CIDR_H
#define SERVE_NET_CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "command/strings.h"

/*
 * A range of addresses, "192.0.2.0/24" or "2001:db8::/32" (CIDR, RFC 4632). A text without "/" is a
 * range of one address. An IPv4 prefix is stored in its IPv4-mapped IPv6 form (::ffff:0:0/96). The
 * text "unix" is the range of all unix sockets.
 */
struct cidr {
	struct in6_addr prefix;
	unsigned bits; /* the length of the prefix, 0 to 128 */
	bool is_unix; /* the other fields have no meaning */
};

/* Parses a range. Returns 0, or -1 with CHAT_USAGE. The bits after the prefix must be 0. */
int cidr_parse(struct cidr *cidr, const char *text, struct chat_err *err);

/* Returns true if the address is in the range. */
bool cidr_has(const struct cidr *cidr, const struct sockaddr *address);

/* Parses an address; IPv4 is stored in its IPv6 form. Returns the version, 4 or 6, or -1. */
int cidr_read_address(struct in6_addr *to, const char *text);

/* A list of ranges, for example of the trusted proxies. */
struct cidrs {
	struct cidr *at;
	size_t count;
};

/*
 * Parses each text as a range. Returns 0, or -1 with CHAT_USAGE. The caller must call cidrs_free()
 * in both cases.
 */
int cidrs_parse(struct cidrs *cidrs, const struct chat_strings *texts, struct chat_err *err);
void cidrs_free(struct cidrs *cidrs);

/* Returns true if the address is in one of the ranges. */
bool cidrs_have(const struct cidrs *cidrs, const struct sockaddr *address);

#endif
