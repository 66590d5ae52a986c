#ifndef SERVE_NET_FORWARDED_H
#define SERVE_NET_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/span.h"
#include "serve/net/cidr.h"

/*
 * Finds the client of a trusted proxy. values are the values of the request's X-Forwarded-For
 * headers, in order; each is a list of elements, separated by commas. The client is the last
 * element that is not the address of a trusted proxy. An element is "192.0.2.1", "192.0.2.1:port",
 * "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:port", optionally in double quotes.
 *
 * Returns true and fills in *client (an AF_INET6 address, IPv4 in its mapped form). Returns false
 * if there is no such element, or if an element after the client is not an address.
 */
bool forwarded_find_client(const struct cidrs *proxies, const struct chat_span *values,
	size_t count, struct sockaddr_storage *client);

#endif
