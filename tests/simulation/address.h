#ifndef SIMULATION_ADDRESS_H
#define SIMULATION_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* The address of a socket: IPv4, IPv6, or a path. */

/* Reads a literal address. Returns false if it is none. */
bool address_read(struct sockaddr_storage *address, const char *host, unsigned port);

/* An address of this family on the machine itself. */
struct sockaddr_storage address_local(int family);
socklen_t address_len(const struct sockaddr_storage *address);
unsigned address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, unsigned port);

/* Returns true if who connects to an address comes to a listener that is bound to the other. */
bool address_reaches(const struct sockaddr_storage *to, const struct sockaddr_storage *bound);

#endif
