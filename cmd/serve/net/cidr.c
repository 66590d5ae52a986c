/* Ranges of addresses: whom to believe about others. */
#include "serve/net/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"

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
	unsigned long bits;
	char *end = NULL;
	int before;

	if (len < sizeof(address)) {
		memcpy(address, text, len);
		address[len] = '\0';
	}
	before = len < sizeof(address) ? read_address(&cidr->prefix, address) : -1;
	if (before < 0)
		return chat_fail(err, CHAT_USAGE, "not an address or a network (192.0.2.0/24)");
	bits = slash ? strtoul(slash + 1, &end, 10) : 128 - (unsigned long)before;
	if (slash &&
		(strspn(slash + 1, "0123456789") == 0 || *end || bits > 128UL - (unsigned)before))
		return chat_fail(err, CHAT_USAGE, "a network's length is a number of its bits");
	cidr->bits = (unsigned)bits + (unsigned)before;
	if (!is_clear_behind(cidr))
		return chat_fail(err, CHAT_USAGE, "a network has no bits behind its length");
	return 0;
}

bool
cidr_has(const struct cidr *cidr, const struct sockaddr *address)
{
	struct in6_addr mapped;

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

/* ---- X-Forwarded-For ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The span without one of these at its front and another at its end; false: they are not there. */
static bool
unwrap(struct chat_span *text, char first, char last)
{
	if (text->len < 2 || text->at[0] != first || text->at[text->len - 1] != last)
		return false;
	*text = (struct chat_span){text->at + 1, text->len - 2};
	return true;
}

/* Cuts ":port" off, behind the only colon there is or behind a bracket; false: it is no port. */
static bool
cut_port(struct chat_span *text)
{
	const char *colon = memrchr(text->at, ':', text->len);
	size_t digits;

	if (!colon ||
		(text->at[0] == '[' ? colon[-1] != ']' : memchr(text->at, ':', text->len) != colon))
		return true;
	digits = (size_t)(text->at + text->len - colon - 1);
	for (size_t i = 1; i <= digits; i++)
		if (colon[i] < '0' || colon[i] > '9')
			return false;
	text->len = (size_t)(colon - text->at);
	return digits >= 1 && digits <= 5;
}

static bool
read_client(struct chat_span text, struct sockaddr_storage *client)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)client;
	char address[INET6_ADDRSTRLEN];
	bool is_v6;
	int before;

	while (text.len && is_blank(*text.at)) {
		text.at++;
		text.len--;
	}
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	unwrap(&text, '"', '"');
	if (!text.len || !cut_port(&text))
		return false;
	is_v6 = unwrap(&text, '[', ']');
	if (text.len >= sizeof(address) || memchr(text.at, '\0', text.len))
		return false;
	memcpy(address, text.at, text.len);
	address[text.len] = '\0';
	*client = (struct sockaddr_storage){.ss_family = AF_INET6};
	before = read_address(&in6->sin6_addr, address);
	return before == 0 || (before > 0 && !is_v6);
}

/* The last element of a list, which is cut off; false: it was the only one. */
static bool
cut_last(struct chat_span *list, struct chat_span *last)
{
	const char *comma = memrchr(list->at, ',', list->len);

	*last = *list;
	if (!comma)
		return false;
	last->at = comma + 1;
	last->len = (size_t)(list->at + list->len - last->at);
	list->len = (size_t)(comma - list->at);
	return true;
}

bool
cidrs_forwarded(const struct cidrs *cidrs, const struct chat_span *values, size_t count,
	struct sockaddr_storage *client)
{
	while (count) {
		struct chat_span list = values[--count], last;
		bool more = true;

		while (more) {
			more = cut_last(&list, &last);
			if (!read_client(last, client))
				return false;
			if (!cidrs_have(cidrs, (struct sockaddr *)client))
				return true;
		}
	}
	return false;
}
