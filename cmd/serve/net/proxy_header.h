#ifndef SERVE_NET_PROXY_HEADER_H
#define SERVE_NET_PROXY_HEADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * The header of the PROXY protocol (HAProxy's proxy-protocol.txt), versions 1 and 2. A proxy that
 * passes TCP on sends it before the client's first byte; it says who the client is.
 */
struct proxy_header {
	size_t len; /* in bytes */
	bool has_client; /* false: the proxy speaks for itself, or does not know the client */
	struct sockaddr_in6 client; /* without a port; IPv4 in its mapped form */
};

enum proxy_header_result {
	PROXY_HEADER_COMPLETE,
	PROXY_HEADER_PARTIAL, /* more bytes must come; all that are there belong to the header */
	PROXY_HEADER_WRONG
};

/* A longer header is wrong. One with two IPv6 addresses has 52 bytes; the rest is for TLVs. */
#define PROXY_HEADER_MAX 4096

/*
 * Reads the header at the beginning of bytes; more bytes may follow it. Fills in *header if it is
 * complete. If it is wrong, *why is the reason, a static sentence.
 *
 * A client is a source address of IPv4 or IPv6, of any protocol. There is none if the command is
 * LOCAL, or if the protocol or the family of addresses is unknown or AF_UNIX. TLVs are skipped, the
 * checksum among them.
 */
enum proxy_header_result proxy_header_read(
	struct chat_span bytes, struct proxy_header *header, const char **why);

#endif
