#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * How many connections come from one address. An IPv6 address counts as its /64, which one person
 * has to themselves; loopback and unix sockets are not counted.
 */
struct address;

struct addresses {
	struct address *by_key;
	size_t most; /* connections of one address */
};

/* Counts one in; NULL where nothing is counted. */
struct address *addresses_enter(struct addresses *addresses, const struct sockaddr *peer);
void addresses_leave(struct addresses *addresses, struct address *address);

/* Whether it has more than it may; far more: not even an answer is due. */
bool address_is_over(const struct address *address, const struct addresses *addresses);
bool address_is_flooding(const struct address *address, const struct addresses *addresses);

/* Whether only this machine can be at the other end. */
bool address_is_local(const struct sockaddr *address);

/* "192.0.2.1:1234", "[2001:db8::1]:1234", "unix:/path", "unix:". */
#define ADDRESS_TEXT_MAX 128
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT_MAX]);

#endif
