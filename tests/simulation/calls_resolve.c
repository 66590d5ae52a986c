/* The resolver: it knows literal addresses, and those that no host stands for. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/address.h"
#include "simulation/calls.h"

struct found {
	struct addrinfo info; /* first */
	struct sockaddr_storage address;
};

static int
add(struct addrinfo **list, const char *host, const char *port)
{
	struct found *found = sim_calloc(1, sizeof(*found));

	if (!address_read(&found->address, host, (unsigned)atoi(port))) {
		sim_free(found);
		return EAI_NONAME;
	}
	found->info = (struct addrinfo){.ai_family = found->address.ss_family,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = (struct sockaddr *)&found->address,
		.ai_addrlen = address_len(&found->address),
		.ai_next = *list};
	*list = &found->info;
	return 0;
}

int
sim_getaddrinfo(
	const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **list)
{
	bool passive = hints->ai_flags & AI_PASSIVE;

	*list = NULL;
	if (host)
		return add(list, host, port);
	add(list, passive ? "::" : "::1", port);
	return add(list, passive ? "0.0.0.0" : "127.0.0.1", port);
}

void
sim_freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		sim_free(list);
		list = next;
	}
}
