/* Ranges of addresses: whom to believe about others. */
#include "serve/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define MAPPED_BITS 96 /* before an IPv4 address in its IPv6 form */

static void
map_v4(struct in6_addr *to, const struct in_addr *v4)
{
	*to = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(to->s6_addr + 12, v4, sizeof(*v4));
}

/* The address, and how many bits stand before it where it is an IPv4 one. -1: neither kind. */
static int
read_address(struct in6_addr *to, const char *text)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(to, &v4);
		return MAPPED_BITS;
	}
	return inet_pton(AF_INET6, text, to) == 1 ? 0 : -1;
}

static bool
same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (memcmp(a->s6_addr, b->s6_addr, whole) != 0)
		return false;
	return rest == 0 || ((a->s6_addr[whole] ^ b->s6_addr[whole]) & mask) == 0;
}

static bool
is_clear_behind(const struct network *network)
{
	struct in6_addr clear = {0};
	unsigned whole = network->bits / 8;

	memcpy(clear.s6_addr, network->prefix.s6_addr, whole);
	if (network->bits % 8)
		clear.s6_addr[whole] = network->prefix.s6_addr[whole] &
			(unsigned char)(0xff00 >> network->bits % 8);
	return memcmp(&clear, &network->prefix, sizeof(clear)) == 0;
}

int
network_parse(struct network *network, const char *text, struct chat_err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned long bits;
	char *end = NULL;
	int before;

	if (len < sizeof(address)) {
		memcpy(address, text, len);
		address[len] = '\0';
	}
	before = len < sizeof(address) ? read_address(&network->prefix, address) : -1;
	if (before < 0)
		return chat_fail(err, CHAT_USAGE, "not an address or a network (192.0.2.0/24)");
	bits = slash ? strtoul(slash + 1, &end, 10) : 128 - (unsigned long)before;
	if (slash &&
		(strspn(slash + 1, "0123456789") == 0 || *end || bits > 128UL - (unsigned)before))
		return chat_fail(err, CHAT_USAGE, "a network's length is a number of its bits");
	network->bits = (unsigned)bits + (unsigned)before;
	if (!is_clear_behind(network))
		return chat_fail(err, CHAT_USAGE, "a network has no bits behind its length");
	return 0;
}

bool
network_has(const struct network *network, const struct sockaddr *address)
{
	struct in6_addr mapped;

	if (address->sa_family == AF_INET)
		map_v4(&mapped, &((const struct sockaddr_in *)address)->sin_addr);
	else if (address->sa_family == AF_INET6)
		mapped = ((const struct sockaddr_in6 *)address)->sin6_addr;
	else
		return false;
	return same_bits(&mapped, &network->prefix, network->bits);
}

int
networks_parse(struct networks *networks, const struct chat_strings *texts, struct chat_err *err)
{
	*networks =
		(struct networks){.at = chat_alloc_zeroed(texts->count + 1, sizeof(*networks->at))};
	for (; networks->count < texts->count; networks->count++)
		if (network_parse(&networks->at[networks->count], texts->at[networks->count], err) <
			0)
			return -1;
	return 0;
}

void
networks_free(struct networks *networks)
{
	free(networks->at);
	*networks = (struct networks){0};
}

bool
networks_have(const struct networks *networks, const struct sockaddr *address)
{
	for (size_t i = 0; i < networks->count; i++)
		if (network_has(&networks->at[i], address))
			return true;
	return false;
}

static bool
read_client(struct chat_span text, struct sockaddr_storage *client)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)client;
	char address[INET6_ADDRSTRLEN];

	while (text.len && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	if (text.len >= sizeof(address))
		return false;
	memcpy(address, text.at, text.len);
	address[text.len] = '\0';
	*client = (struct sockaddr_storage){.ss_family = AF_INET6};
	return read_address(&in6->sin6_addr, address) >= 0;
}

bool
networks_forwarded(const struct networks *networks, struct chat_span forwarded_for,
	struct sockaddr_storage *client)
{
	while (forwarded_for.at) {
		const char *comma = memrchr(forwarded_for.at, ',', forwarded_for.len);
		const char *from = comma ? comma + 1 : forwarded_for.at;
		struct chat_span last = {
			from, (size_t)(forwarded_for.at + forwarded_for.len - from)};

		if (!read_client(last, client))
			return false;
		if (!networks_have(networks, (struct sockaddr *)client))
			return true;
		if (!comma)
			return false;
		forwarded_for.len = (size_t)(comma - forwarded_for.at);
	}
	return false;
}
