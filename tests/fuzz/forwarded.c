/*
 * Any bytes as the X-Forwarded-For headers of a trusted proxy, one a line. Whoever is found behind
 * it is no proxy of ours and stands there as the last thing that is none; one header says what
 * several do; and what is to the left of the one who was found changes nothing.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "serve/net/forwarded.h"

#define HEADERS_MAX 16

struct found {
	bool known;
	struct sockaddr_storage client;
};

static struct found
find(const struct cidrs *cidrs, const struct chat_span *values, size_t count)
{
	struct found found = {.known = false};

	found.known = forwarded_find_client(cidrs, values, count, &found.client);
	return found;
}

static bool
same(const struct found *a, const struct found *b)
{
	const struct sockaddr_in6 *one = (const void *)&a->client,
				  *other = (const void *)&b->client;

	if (a->known != b->known || !a->known)
		return a->known == b->known;
	return memcmp(&one->sin6_addr, &other->sin6_addr, sizeof(one->sin6_addr)) == 0;
}

/* The text has the address in it, as inet_ntop writes it or in another way that has its digits. */
static void
check_stands_there(const struct found *found, struct chat_span whole)
{
	const struct sockaddr_in6 *in6 = (const void *)&found->client;
	char text[INET6_ADDRSTRLEN];

	need(found->client.ss_family == AF_INET6);
	if (!IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return; /* it can be written in many ways */
	inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof(text));
	need(memmem(whole.at, whole.len, text, strlen(text)) ||
		memmem(whole.at, whole.len, ":", 1));
}

static size_t
split(struct chat_span whole, struct chat_span values[HEADERS_MAX])
{
	size_t count = 0;

	while (count < HEADERS_MAX) {
		const char *end = whole.len ? memchr(whole.at, '\n', whole.len) : NULL;

		values[count] = whole;
		if (!end || count + 1 == HEADERS_MAX)
			return count + 1;
		values[count++].len = (size_t)(end - whole.at);
		whole.len -= (size_t)(end + 1 - whole.at);
		whole.at = end + 1;
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *texts[] = {"192.0.2.0/24", "2001:db8::/32", "127.0.0.1"};
	char *joined = malloc(size + 2), *wide = malloc(size + 20);
	struct chat_span whole = {(const char *)data, size}, values[HEADERS_MAX], one, more;
	struct found found, again;
	struct cidrs cidrs;
	size_t count = split(whole, values);

	cidrs_parse(&cidrs, &(struct chat_strings){texts, 3}, NULL);
	found = find(&cidrs, values, count);
	need(!found.known || !cidrs_have(&cidrs, (struct sockaddr *)&found.client));
	if (found.known)
		check_stands_there(&found, whole);

	memcpy(joined, data, size);
	for (size_t i = 0; i + 1 < count; i++)
		joined[values[i + 1].at - whole.at - 1] = ',';
	one = (struct chat_span){joined, size};
	again = find(&cidrs, &one, 1);
	need(same(&found, &again));

	more = (struct chat_span){wide, size + 13};
	memcpy(wide, "203.0.113.77,", 13);
	memcpy(wide + 13, joined, size);
	again = find(&cidrs, &more, 1);
	need(!found.known || same(&found, &again));

	cidrs_free(&cidrs);
	free(joined);
	free(wide);
	return 0;
}
