/* Ranges of addresses. An IPv4 address is compared in its IPv4-mapped IPv6 form. */
#include "serve/net/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "text/buf.h"
#include "text/err.h"

#define MAPPED_BITS 96 /* the bits before the IPv4 address in its IPv6 form */

static void
map_v4(struct in6_addr *to, const struct in_addr *v4)
{
	*to = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(to->s6_addr + 12, v4, sizeof(*v4));
}

int
cidr_read_address(struct in6_addr *to, const char *text)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(to, &v4);
		return 4;
	}
	return inet_pton(AF_INET6, text, to) == 1 ? 6 : -1;
}

/* Returns true if the first `bits` bits of both addresses are equal. */
static bool
same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (memcmp(a->s6_addr, b->s6_addr, whole) != 0)
		return false;
	return rest == 0 || ((a->s6_addr[whole] ^ b->s6_addr[whole]) & mask) == 0;
}

/* Returns true if all bits after the prefix are 0. */
static bool
is_clear_behind(const struct cidr *cidr)
{
	struct in6_addr clear = {0};
	unsigned whole = cidr->bits / 8;

	memcpy(clear.s6_addr, cidr->prefix.s6_addr, whole);
	if (cidr->bits % 8)
		clear.s6_addr[whole] =
			cidr->prefix.s6_addr[whole] & (unsigned char)(0xff00 >> cidr->bits % 8);
	return memcmp(&clear, &cidr->prefix, sizeof(clear)) == 0;
}

int
cidr_parse(struct cidr *cidr, const char *text, struct chat_err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned long bits, bits_before;
	char *end = NULL;
	int version = -1;

	*cidr = (struct cidr){.is_unix = strcmp(text, "unix") == 0};
	if (cidr->is_unix)
		return 0;
	if (len < sizeof(address)) {
		memcpy(address, text, len);
		address[len] = '\0';
		version = cidr_read_address(&cidr->prefix, address);
	}
	if (version < 0)
		return chat_fail(err, CHAT_USAGE,
			"not an address, a network (192.0.2.0/24), or the word unix");
	bits_before = version == 4 ? MAPPED_BITS : 0;
	bits = slash ? strtoul(slash + 1, &end, 10) : 128 - bits_before;
	if (slash && (strspn(slash + 1, "0123456789") == 0 || *end || bits > 128 - bits_before))
		return chat_fail(err, CHAT_USAGE, "a network's length is a number of its bits");
	cidr->bits = (unsigned)(bits + bits_before);
	if (!is_clear_behind(cidr))
		return chat_fail(err, CHAT_USAGE, "a network has no bits behind its length");
	return 0;
}

bool
cidr_has(const struct cidr *cidr, const struct sockaddr *address)
{
	struct in6_addr mapped;

	if (cidr->is_unix)
		return address->sa_family == AF_UNIX;
	if (address->sa_family == AF_INET)
		map_v4(&mapped, &((const struct sockaddr_in *)address)->sin_addr);
	else if (address->sa_family == AF_INET6)
		mapped = ((const struct sockaddr_in6 *)address)->sin6_addr;
	else
		return false;
	return same_bits(&mapped, &cidr->prefix, cidr->bits);
}

int
cidrs_parse(struct cidrs *cidrs, const struct chat_strings *texts, struct chat_err *err)
{
	*cidrs = (struct cidrs){.at = chat_alloc_zeroed(texts->count + 1, sizeof(*cidrs->at))};
	for (; cidrs->count < texts->count; cidrs->count++)
		if (cidr_parse(&cidrs->at[cidrs->count], texts->at[cidrs->count], err) < 0)
			return -1;
	return 0;
}

void
cidrs_free(struct cidrs *cidrs)
{
	free(cidrs->at);
	*cidrs = (struct cidrs){0};
}

bool
cidrs_have(const struct cidrs *cidrs, const struct sockaddr *address)
{
	for (size_t i = 0; i < cidrs->count; i++)
		if (cidr_has(&cidrs->at[i], address))
			return true;
	return false;
}
