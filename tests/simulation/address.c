/* The addresses of sockets. */
#include "simulation/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

bool
address_read(struct sockaddr_storage *address, const char *host, unsigned port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	*address = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1)
		address->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1)
		address->ss_family = AF_INET6;
	else
		return false;
	address_set_port(address, port);
	return true;
}

struct sockaddr_storage
address_local(int family)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};

	if (family != AF_UNIX)
		address_read(&address, family == AF_INET6 ? "::1" : "127.0.0.1", 0);
	return address;
}

socklen_t
address_len(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_UNIX)
		return sizeof(struct sockaddr_un);
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					      : sizeof(struct sockaddr_in);
}

void
address_set_port(struct sockaddr_storage *address, unsigned port)
{
	if (address->ss_family != AF_UNIX) /* both kinds have it at the same place */
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

unsigned
address_port(const struct sockaddr_storage *address)
{
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

static bool
host_reaches(const struct sockaddr_storage *to, const struct sockaddr_storage *bound)
{
	const struct in6_addr *host = &((const struct sockaddr_in6 *)bound)->sin6_addr;
	struct in_addr v4 = ((const struct sockaddr_in *)bound)->sin_addr;

	if (bound->ss_family == AF_INET)
		return v4.s_addr == htonl(INADDR_ANY) ||
			v4.s_addr == ((const struct sockaddr_in *)to)->sin_addr.s_addr;
	return IN6_IS_ADDR_UNSPECIFIED(host) ||
		IN6_ARE_ADDR_EQUAL(host, &((const struct sockaddr_in6 *)to)->sin6_addr);
}

bool
address_reaches(const struct sockaddr_storage *to, const struct sockaddr_storage *bound)
{
	if (to->ss_family != bound->ss_family)
		return false;
	if (to->ss_family == AF_UNIX)
		return strcmp(((const struct sockaddr_un *)to)->sun_path,
			       ((const struct sockaddr_un *)bound)->sun_path) == 0;
	return ((const struct sockaddr_in *)to)->sin_port ==
		((const struct sockaddr_in *)bound)->sin_port &&
		host_reaches(to, bound);
}
