#ifndef SERVE_NET_FORWARDED_H
#define SERVE_NET_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/span.h"
#include "serve/net/cidr.h"

/*
 * Finds the client behind a trusted proxy. values are those of the X-Forwarded-For headers of the
 * request, in order; each is a list of elements with commas between them. The client is the last
 * element that is not the address of a trusted proxy. An element may be "192.0.2.1", "2001:db8::1"
 * or "[2001:db8::1]"; the first and the last form may have a port behind a colon, and each form may
 * be in double quotes.
 *
 * Returns true and fills *client in. Returns false when there is no such element, or when an
 * element behind it is not an address.
 */
bool forwarded_find_client(const struct cidrs *proxies, const struct chat_span *values,
	size_t count, struct sockaddr_storage *client);

#endif
